// The scatter plot: dots on a canvas, found again by a grid; drag, zoom and keys.

const plot = page.plot;
const canvas = byId("plot-canvas");
const overlay = byId("plot-overlay");
const panel = byId("plot-architecture");
const MARGIN = { left: 56, right: 14, top: 12, bottom: 46 };
const CELL = 24; // pixels of a cell of the grid, and how far a dot is found
const TRANSLUCENT_FROM = 2000;
const count = plot.architectures.length;
const values = unpacked(plot.values);
const parameters = unpacked(plot.parameters);
const scoresOf = once((name) => unpacked(plot.proxies.find((proxy) => proxy.name === name).scores));
const buckets = coloursByParameters();
const drawingOrder = shuffled(); // so that no colour lies on top throughout

const state = {
  y: "", // a proxy, or empty for the column
  whole: false,
  view: null, // [x low, x high, y low, y high] on the scales
  pointed: -1,
  pointing: false, // whether what is pointed at will be shown in the next frame
  kept: -1,
};
let axes; // scales, and the place of every dot on them
let ink; // the colours of the theme
let grid; // dots by cell of the picture

function coloursByParameters() {
  const least = parameters.reduce((low, value) => Math.min(low, value), Infinity);
  const most = parameters.reduce((high, value) => Math.max(high, value), 0);
  const steps = plot.colours.light.length;
  const isLog = least > 0 && most / least > 10;
  const place = (value) => {
    if (most === least) return 0.5;
    return isLog ? Math.log(value / least) / Math.log(most / least) : (value - least) / (most - least);
  };
  const millions = (value) => `${shortNumber(Number((value / 1e6).toPrecision(3)))} M`;
  const [first, last] = byId("plot-scale").querySelectorAll("span");
  first.textContent = millions(least);
  last.textContent = millions(most);
  return Uint8Array.from(parameters, (value) => Math.min(steps - 1, Math.floor(place(value) * steps)));
}

// All dots in a random order that is always the same.
function shuffled() {
  let seed = 1;
  const order = Uint32Array.from({ length: count }, (_, dot) => dot);
  for (let last = count - 1; last > 0; last -= 1) {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
    const other = Math.floor((seed / 2 ** 32) * (last + 1));
    [order[last], order[other]] = [order[other], order[last]];
  }
  return order;
}

function axisOf(name) {
  if (name === "") return { scale: scaleOf("linear"), numbers: values, label: plot.label };
  const proxy = plot.proxies.find((entry) => entry.name === name);
  return { scale: scaleOf(proxy.scale, proxy.linearWithin), numbers: scoresOf(name), label: name };
}

function isBeyond(value) {
  const { fence } = plot.range;
  if (fence === null || state.whole || state.y !== "") return false;
  return plot.higherIsBetter ? value < fence : value > fence;
}

// Places of all dots on the scales; NaN where there is no score.
function arrange() {
  const across = axisOf(choice.proxy);
  const up = axisOf(state.y);
  const x = Float64Array.from(across.numbers, across.scale.there);
  const y = Float64Array.from(up.numbers, (value) => up.scale.there(isBeyond(value) ? plot.range.edge : value));
  axes = { across, up, x, y };
  if (!state.view) state.view = [...limits(x, y), ...upLimits(y, x)];
}

function limits(numbers, others) {
  let low = Infinity;
  let high = -Infinity;
  for (let dot = 0; dot < count; dot += 1) {
    if (Number.isFinite(numbers[dot]) && Number.isFinite(others[dot])) {
      low = Math.min(low, numbers[dot]);
      high = Math.max(high, numbers[dot]);
    }
  }
  if (low > high) return [0, 1];
  const margin = 0.04 * (high - low) || 0.5 * Math.abs(high) || 0.5;
  return [low - margin, high + margin];
}

function upLimits(numbers, others) {
  if (state.y === "" && !state.whole) return [plot.range.low, plot.range.high];
  return limits(numbers, others);
}

function box() {
  return {
    left: MARGIN.left, right: canvas.clientWidth - MARGIN.right,
    top: MARGIN.top, bottom: canvas.clientHeight - MARGIN.bottom,
  };
}

function toPixels() {
  const { left, right, top, bottom } = box();
  const [x0, x1, y0, y1] = state.view;
  return {
    x: (at) => left + ((at - x0) / (x1 - x0)) * (right - left),
    y: (at) => bottom - ((at - y0) / (y1 - y0)) * (bottom - top),
  };
}

// The theme's colours as they are now; read once a drawing, since each reading makes the browser compute styles.
function readTheme() {
  const read = (name) => {
    canvas.style.color = `var(--${name})`;
    return getComputedStyle(canvas).color;
  };
  ink = { quiet: read("quiet"), rule: read("rule"), ink: read("ink"), chosen: read("chosen") };
}

function context(of) {
  const ratio = window.devicePixelRatio || 1;
  const width = Math.round(of.clientWidth * ratio);
  const height = Math.round(of.clientHeight * ratio);
  if (of.width !== width || of.height !== height) Object.assign(of, { width, height });
  const made = of.getContext("2d");
  made.setTransform(ratio, 0, 0, ratio, 0, 0);
  made.clearRect(0, 0, of.clientWidth, of.clientHeight);
  return made;
}

let waiting = false;
function redraw() {
  if (waiting) return;
  waiting = true;
  requestAnimationFrame(() => {
    waiting = false;
    drawNow();
  });
}

function drawNow() {
  if (!axes) arrange();
  const pen = context(canvas);
  const isDark = matchMedia("(prefers-color-scheme: dark)").matches;
  const theme = document.documentElement.dataset.theme ?? (isDark ? "dark" : "light");
  const colours = plot.colours[matchMedia("print").matches ? "light" : theme];
  byId("plot-scale").querySelector("i").style.background = `linear-gradient(to right, ${colours.join(",")})`;
  readTheme();
  drawAxes(pen);
  drawDots(pen, colours);
  drawMark();
}

function drawAxes(pen) {
  const { left, right, top, bottom } = box();
  const pixels = toPixels();
  const [x0, x1, y0, y1] = state.view;
  const { quiet, rule } = ink;
  pen.font = `12px ${getComputedStyle(document.body).fontFamily}`;
  pen.lineWidth = 1;
  const fenced = axes.up.numbers === values && !state.whole && plot.range.fence !== null;
  const up = ticksBetween(axes.up.scale, y0, y1, 6).filter((tick) => !fenced || !isBeyond(tick));
  const across = ticksBetween(axes.across.scale, x0, x1, Math.max(2, Math.floor((right - left) / 95)));
  pen.textAlign = "right";
  pen.textBaseline = "middle";
  tickLabels(axes.up.scale, up).forEach((text, place) => {
    const at = Math.round(pixels.y(axes.up.scale.there(up[place]))) + 0.5;
    pen.strokeStyle = rule;
    stroke(pen, left, at, right, at);
    pen.fillStyle = quiet;
    pen.fillText(text, left - 6, at);
  });
  pen.textAlign = "center";
  pen.textBaseline = "top";
  tickLabels(axes.across.scale, across).forEach((text, place) => {
    const at = Math.round(pixels.x(axes.across.scale.there(across[place]))) + 0.5;
    pen.strokeStyle = quiet;
    stroke(pen, at, bottom, at, bottom + 4);
    pen.fillStyle = quiet;
    pen.fillText(text, at, bottom + 7);
  });
  pen.strokeStyle = quiet;
  stroke(pen, left, bottom + 0.5, right, bottom + 0.5);
  if (fenced) {
    const at = pixels.y(plot.range.fence);
    pen.setLineDash([4, 3]);
    if (at > top && at < bottom) stroke(pen, left, at, right, at);
    pen.setLineDash([]);
  }
  pen.fillStyle = ink.ink;
  pen.fillText(shortened(pen, axes.across.label, right - left), (left + right) / 2, bottom + 26);
  byId("plot-up").textContent = axes.up.label;
}

function shortened(pen, text, width) {
  if (pen.measureText(text).width <= width) return text;
  let kept = text;
  while (kept && pen.measureText(`${kept}…`).width > width) kept = kept.slice(0, -1);
  return `${kept}…`;
}

function stroke(pen, x0, y0, x1, y1) {
  pen.beginPath();
  pen.moveTo(x0, y0);
  pen.lineTo(x1, y1);
  pen.stroke();
}

function radius() {
  return Math.min(4, Math.max(1.6, 45 / Math.sqrt(count)));
}

// Dots laid on a picture pixel by pixel: several times as quick as 15,000 arcs where no graphics card helps.
function layDots(dots, colours) {
  const ratio = window.devicePixelRatio || 1;
  const [width, height] = [canvas.width, canvas.height];
  const picture = new ImageData(width, height);
  const { data } = picture;
  const parts = colours.map((colour) => [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16)));
  const size = radius() * ratio;
  const opacity = count > TRANSLUCENT_FROM ? 0.65 : 0.85;
  for (const dot of dots) {
    const centreX = grid.x[dot] * ratio;
    const centreY = grid.y[dot] * ratio;
    const colour = parts[buckets[dot]];
    const lastX = Math.min(width - 1, Math.floor(centreX + size));
    const lastY = Math.min(height - 1, Math.floor(centreY + size));
    for (let y = Math.max(0, Math.floor(centreY - size)); y <= lastY; y += 1) {
      for (let x = Math.max(0, Math.floor(centreX - size)); x <= lastX; x += 1) {
        const far = Math.hypot(x + 0.5 - centreX, y + 0.5 - centreY);
        const cover = opacity * Math.min(1, Math.max(0, size + 0.5 - far));
        if (cover === 0) continue;
        const at = 4 * (y * width + x);
        const below = (data[at + 3] / 255) * (1 - cover);
        const whole = cover + below;
        for (let part = 0; part < 3; part += 1) {
          data[at + part] = (colour[part] * cover + data[at + part] * below) / whole;
        }
        data[at + 3] = 255 * whole;
      }
    }
  }
  const made = element("canvas", { width, height });
  made.getContext("2d").putImageData(picture, 0, 0);
  return made;
}

function drawDots(pen, colours) {
  const { left, right, top, bottom } = box();
  const pixels = toPixels();
  const columns = Math.ceil(canvas.clientWidth / CELL);
  grid = { columns, cells: new Map(), x: new Float32Array(count), y: new Float32Array(count) };
  const inside = { dots: [], triangles: [] };
  let beyond = 0;
  for (const dot of drawingOrder) {
    const x = pixels.x(axes.x[dot]);
    const y = pixels.y(axes.y[dot]);
    const isOutside = isBeyond(values[dot]);
    if (isOutside && Number.isFinite(x)) beyond += 1;
    if (!(x >= left - 3 && x <= right + 3 && y >= top - 3 && y <= bottom + 3)) continue;
    grid.x[dot] = x;
    grid.y[dot] = y;
    const cell = Math.floor(y / CELL) * columns + Math.floor(x / CELL);
    if (grid.cells.has(cell)) grid.cells.get(cell).push(dot);
    else grid.cells.set(cell, [dot]);
    (isOutside ? inside.triangles : inside.dots).push(dot);
  }
  pen.save();
  pen.beginPath();
  pen.rect(left, top - 3, right - left + 3, bottom - top + 3);
  pen.clip();
  pen.drawImage(layDots(inside.dots, colours), 0, 0, canvas.clientWidth, canvas.clientHeight);
  for (const dot of inside.triangles) drawTriangle(pen, grid.x[dot], grid.y[dot], colours[buckets[dot]]);
  pen.restore();
  const triangle = plot.higherIsBetter ? "▾" : "▴";
  const where = plot.higherIsBetter ? "below" : "above";
  byId("plot-note").textContent = beyond
    ? `${triangle} ${beyond.toLocaleString("en")} ${where} ${shortNumber(plot.range.fence)}, drawn at the edge.`
    : "";
}

function drawTriangle(pen, x, y, colour) {
  const size = radius();
  const tip = plot.higherIsBetter ? 1.7 * size : -1.7 * size;
  pen.fillStyle = colour;
  pen.beginPath();
  pen.moveTo(x - 1.8 * size, y - tip);
  pen.lineTo(x + 1.8 * size, y - tip);
  pen.lineTo(x, y + tip);
  pen.fill();
}

function drawMark() {
  const pen = context(overlay);
  for (const [dot, colour] of [[state.kept, "chosen"], [state.pointed, "ink"]]) {
    if (dot < 0 || !Number.isFinite(axes.x[dot]) || !Number.isFinite(axes.y[dot])) continue;
    const pixels = toPixels();
    pen.strokeStyle = ink[colour];
    pen.lineWidth = 2;
    pen.beginPath();
    pen.arc(pixels.x(axes.x[dot]), pixels.y(axes.y[dot]), radius() + 4, 0, 2 * Math.PI);
    pen.stroke();
  }
}

// The nearest dot within reach of a place in the picture, or -1.
function dotAt(x, y) {
  if (!grid) return -1;
  const column = Math.floor(x / CELL);
  const row = Math.floor(y / CELL);
  let found = -1;
  let nearest = CELL * CELL;
  for (let down = row - 1; down <= row + 1; down += 1) {
    for (let across = column - 1; across <= column + 1; across += 1) {
      for (const dot of grid.cells.get(down * grid.columns + across) ?? []) {
        const far = (grid.x[dot] - x) ** 2 + (grid.y[dot] - y) ** 2;
        if (far < nearest) [found, nearest] = [dot, far];
      }
    }
  }
  return found;
}

function show(dot) {
  if (dot < 0) return;
  const terms = [[plot.measured, shortNumber(values[dot])], ["parameters", parameters[dot].toLocaleString("en")]];
  for (const name of new Set([choice.proxy, state.y].filter(Boolean))) {
    const scores = scoresOf(name);
    if (Number.isNaN(scores[dot])) {
      terms.push([name, "no score"]);
      continue;
    }
    let above = 1;
    let scored = 0;
    for (const score of scores) {
      above += score > scores[dot];
      scored += !Number.isNaN(score);
    }
    terms.push([name, `${shortNumber(scores[dot])} (rank ${above.toLocaleString("en")} of ${scored.toLocaleString("en")})`]);
  }
  const list = element("dl", {}, ...terms.map(([term, text]) =>
    element("div", {}, element("dt", { textContent: term }), element("dd", { textContent: text }))));
  const heading = dot === state.kept ? "Architecture, kept" : "Architecture";
  panel.replaceChildren(
    element("h3", { textContent: heading }),
    element("code", { textContent: plot.architectures[dot] }),
    ...graphsOf(dot),
    list,
  );
  panel.dataset.architecture = plot.architectures[dot];
}

function point(dot) {
  if (dot === state.pointed) return;
  state.pointed = dot;
  if (!state.pointing) requestAnimationFrame(showPointed);
  state.pointing = true;
}

function showPointed() {
  state.pointing = false;
  drawMark();
  show(state.pointed >= 0 ? state.pointed : state.kept);
}

function keep(dot) {
  state.kept = dot === state.kept ? -1 : dot;
  drawMark();
  show(dot);
}

function zoom(factor, x, y) {
  const { left, right, top, bottom } = box();
  const across = x === undefined ? 0.5 : (x - left) / (right - left);
  const up = y === undefined ? 0.5 : (bottom - y) / (bottom - top);
  const [x0, x1, y0, y1] = state.view;
  const [centreX, centreY] = [x0 + across * (x1 - x0), y0 + up * (y1 - y0)];
  const next = [
    centreX + (x0 - centreX) / factor, centreX + (x1 - centreX) / factor,
    centreY + (y0 - centreY) / factor, centreY + (y1 - centreY) / factor,
  ];
  const isFine = (low, high) => high - low > 1e-9 * Math.max(Math.abs(low), Math.abs(high), 1e-300);
  if (isFine(next[0], next[1]) && isFine(next[2], next[3])) state.view = next;
  redraw();
}

function move(right, down) {
  const size = box();
  const [x0, x1, y0, y1] = state.view;
  const across = (right / (size.right - size.left)) * (x1 - x0);
  const up = (down / (size.bottom - size.top)) * (y1 - y0);
  state.view = [x0 - across, x1 - across, y0 + up, y1 + up];
  redraw();
}

function again() {
  state.view = null;
  axes = null;
  redraw();
}

// The next dot in the order of an axis, from the one that is pointed at, else from the middle of the order.
function step(numbers, others, by) {
  const order = [...Array(count).keys()].filter((dot) => Number.isFinite(numbers[dot]) && Number.isFinite(others[dot]));
  order.sort((first, second) => numbers[first] - numbers[second] || first - second);
  const from = state.pointed >= 0 ? order.indexOf(state.pointed) : Math.floor(order.length / 2);
  point(order[Math.min(order.length - 1, Math.max(0, from + by))] ?? -1);
}

const fingers = new Map();
let dragged = 0;
let hasFocus = false;

canvas.addEventListener("pointerdown", (event) => {
  fingers.set(event.pointerId, [event.offsetX, event.offsetY]);
  dragged = 0;
  canvas.setPointerCapture(event.pointerId);
});
canvas.addEventListener("pointermove", (event) => {
  const before = fingers.get(event.pointerId);
  if (!before) {
    point(dotAt(event.offsetX, event.offsetY));
    return;
  }
  const now = [event.offsetX, event.offsetY];
  const other = [...fingers].find(([finger]) => finger !== event.pointerId)?.[1];
  if (other) {
    const far = (from) => Math.hypot(from[0] - other[0], from[1] - other[1]) || 1;
    zoom(far(now) / far(before), (now[0] + other[0]) / 2, (now[1] + other[1]) / 2);
  } else {
    move(now[0] - before[0], now[1] - before[1]);
  }
  dragged += Math.hypot(now[0] - before[0], now[1] - before[1]);
  fingers.set(event.pointerId, now);
});
for (const name of ["pointerup", "pointercancel"]) {
  canvas.addEventListener(name, (event) => {
    const wasOne = fingers.size === 1;
    fingers.delete(event.pointerId);
    if (name === "pointercancel" || !wasOne || dragged > 6) return;
    const dot = dotAt(event.offsetX, event.offsetY);
    if (dot >= 0) keep(dot);
  });
}
canvas.addEventListener("pointerleave", () => point(-1));
canvas.addEventListener("focus", () => { hasFocus = true; });
canvas.addEventListener("blur", () => { hasFocus = false; });
canvas.addEventListener("wheel", (event) => {
  if (!event.ctrlKey && !event.metaKey && !hasFocus) return;
  event.preventDefault();
  zoom(Math.exp(-event.deltaY / 400), event.offsetX, event.offsetY);
}, { passive: false });
canvas.addEventListener("keydown", (event) => {
  const moves = { ArrowLeft: [60, 0], ArrowRight: [-60, 0], ArrowUp: [0, 60], ArrowDown: [0, -60] };
  const keys = {
    "+": () => zoom(1.4), "=": () => zoom(1.4), "-": () => zoom(1 / 1.4), 0: again,
    Escape: () => canvas.blur(),
    Enter: () => state.pointed >= 0 && keep(state.pointed),
    ArrowLeft: () => step(axes.x, axes.y, -1), ArrowRight: () => step(axes.x, axes.y, 1),
    ArrowDown: () => step(axes.y, axes.x, -1), ArrowUp: () => step(axes.y, axes.x, 1),
  };
  if (!(event.key in keys) || event.ctrlKey || event.metaKey || event.altKey) return;
  event.preventDefault();
  if (event.shiftKey && event.key in moves) move(...moves[event.key]);
  else keys[event.key]();
});

byId("zoom-in").addEventListener("click", () => zoom(1.4));
byId("zoom-out").addEventListener("click", () => zoom(1 / 1.4));
byId("zoom-reset").addEventListener("click", again);
byId("plot-x").addEventListener("change", (event) => choice.set(event.target.value));
byId("plot-y").addEventListener("change", (event) => {
  state.y = event.target.value;
  again();
});
byId("plot-whole").addEventListener("change", (event) => {
  state.whole = event.target.checked;
  again();
});
byId("plot-whole-label").hidden = plot.range.fence === null;
choice.listeners.push((name) => {
  byId("plot-x").value = name;
  again();
  const scores = scoresOf(name);
  let first = -1;
  for (let dot = 0; dot < count; dot += 1) {
    if (!Number.isNaN(scores[dot]) && !(scores[dot] <= scores[first])) first = dot;
  }
  show(state.kept >= 0 ? state.kept : first);
});
new ResizeObserver(redraw).observe(canvas);
