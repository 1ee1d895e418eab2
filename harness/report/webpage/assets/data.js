// The page's data, small functions over it, and what is chosen.

const page = JSON.parse(document.getElementById("page-data").textContent);
const ARRAYS = { u1: Uint8Array, u2: Uint16Array, u4: Uint32Array, f4: Float32Array, f8: Float64Array };

function unpacked(packed) {
  const text = atob(packed.data);
  const bytes = new Uint8Array(text.length);
  for (let at = 0; at < text.length; at += 1) bytes[at] = text.charCodeAt(at);
  return new ARRAYS[packed.type](bytes.buffer);
}

function once(make) {
  const made = new Map();
  return (key) => {
    if (!made.has(key)) made.set(key, make(key));
    return made.get(key);
  };
}

function byId(name) {
  return document.getElementById(name);
}

function element(name, properties = {}, ...children) {
  const made = document.createElement(name);
  Object.assign(made, properties);
  made.append(...children);
  return made;
}

// A number in at most five digits, in a table's typography.
function shortNumber(value) {
  if (!Number.isFinite(value)) return "–";
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (size >= 1e6 || size < 1e-3) return value.toExponential(3).replace("e+", "e").replaceAll("-", "−");
  const shown = Number(value.toPrecision(5));
  return shown.toLocaleString("en", { maximumFractionDigits: 8 }).replace("-", "−");
}

// The proxy that all plots show; every part of the page can choose another.
const choice = {
  proxy: page.plot.proxies[0].name,
  listeners: [],
  set(name) {
    if (!page.plot.proxies.some((proxy) => proxy.name === name)) return;
    this.proxy = name;
    for (const listen of this.listeners) listen(name);
  },
};
