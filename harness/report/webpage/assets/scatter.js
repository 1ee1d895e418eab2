// The scatter plot: its data, its state, and where things lie in the picture.

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
  if (!state.view) state.view = [...within(across.scale, ...limits(x, y)), ...within(up.scale, ...upLimits(y, x))];
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
