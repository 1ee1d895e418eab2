// What the scatter plot draws: axes, dots, and the marks of two of them.

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
