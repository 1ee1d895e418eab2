// What the scatter plot answers: the pointer, fingers, the wheel and keys.

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

// Between a choice of axes and the next frame there is nothing to zoom or to move.
function zoom(factor, x, y) {
  if (!state.view) return;
  const { left, right, top, bottom } = box();
  const across = x === undefined ? 0.5 : (x - left) / (right - left);
  const up = y === undefined ? 0.5 : (bottom - y) / (bottom - top);
  const [x0, x1, y0, y1] = state.view;
  const [centreX, centreY] = [x0 + across * (x1 - x0), y0 + up * (y1 - y0)];
  const next = [
    ...within(axes.across.scale, centreX + (x0 - centreX) / factor, centreX + (x1 - centreX) / factor),
    ...within(axes.up.scale, centreY + (y0 - centreY) / factor, centreY + (y1 - centreY) / factor),
  ];
  const isFine = (low, high) => high - low > 1e-9 * Math.max(Math.abs(low), Math.abs(high), 1e-300);
  if (isFine(next[0], next[1]) && isFine(next[2], next[3])) state.view = next;
  redraw();
}

function move(right, down) {
  if (!state.view) return;
  const size = box();
  const [x0, x1, y0, y1] = state.view;
  const across = (right / (size.right - size.left)) * (x1 - x0);
  const up = (down / (size.bottom - size.top)) * (y1 - y0);
  state.view = [...moved(axes.across.scale, x0, x1, -across), ...moved(axes.up.scale, y0, y1, up)];
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
