// Scales and ticks of an axis, as the figures have them.

const SYMLOG_LINEAR = 1 / (1 - 1 / 10); // length of the linear part in decades, as in Matplotlib
const POWERS = [-323, 308]; // of ten, that are numbers
const LARGEST = 8e307; // twice that is a number

// A scale: `there` is where a value lies, `back` the value there, `ends` the places beyond which there are no numbers.
function scaleOf(kind, linearWithin) {
  if (kind === "log") return { kind, ends: POWERS, there: Math.log10, back: (at) => 10 ** at };
  if (kind === "symlog") {
    const power = Math.log10(linearWithin);
    const end = SYMLOG_LINEAR + POWERS[1] - power;
    return {
      kind,
      linearWithin,
      ends: [-end, end],
      there: (value) => {
        const size = Math.abs(value);
        if (size <= linearWithin) return (value / linearWithin) * SYMLOG_LINEAR;
        return Math.sign(value) * (SYMLOG_LINEAR + Math.log10(size) - power);
      },
      back: (at) => {
        const size = Math.abs(at);
        if (size <= SYMLOG_LINEAR) return (at / SYMLOG_LINEAR) * linearWithin;
        return Math.sign(at) * 10 ** (power + size - SYMLOG_LINEAR);
      },
    };
  }
  return { kind: "linear", ends: [-LARGEST, LARGEST], there: (value) => value, back: (at) => at };
}

// Two places on a scale, neither beyond its ends; as they are where nothing would lie between.
function within(scale, low, high) {
  const [least, most] = [Math.max(low, scale.ends[0]), Math.min(high, scale.ends[1])];
  return least < most ? [least, most] : [low, high];
}

// Two places on a scale moved as far as its ends allow.
function moved(scale, low, high, by) {
  const step = Math.min(Math.max(by, Math.min(0, scale.ends[0] - low)), Math.max(0, scale.ends[1] - high));
  return [low + step, high + step];
}

// Round values from low to high, some `count` of them.
function evenTicks(low, high, count) {
  const rough = (high - low) / count;
  if (!(rough > 0)) return [low];
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].find((factor) => factor * power >= rough * 0.999) * power;
  const first = Math.ceil(low / step);
  const last = Math.floor(high / step + 1e-9);
  return Array.from({ length: Math.max(last - first + 1, 0) }, (_, place) => (first + place) * step);
}

// Ticks between two places on a scale: values, few enough to be read.
function ticksBetween(scale, low, high, count) {
  const from = scale.back(low);
  const to = scale.back(high);
  if (scale.kind === "linear") return evenTicks(from, to, count);
  const decades = [];
  const sizes = [Math.abs(from), Math.abs(to)].filter((size) => size > 0).map(Math.log10);
  const least = scale.kind === "symlog" ? Math.log10(scale.linearWithin) : Math.min(...sizes);
  const last = Math.min(Math.max(...sizes) + 1e-9, POWERS[1]);
  for (let power = Math.max(Math.ceil(least - 1e-9), POWERS[0]); power <= last; power += 1) {
    decades.push(10 ** power, -(10 ** power));
  }
  if (scale.kind === "symlog") decades.push(0);
  const inside = decades.filter((value) => value >= from && value <= to).sort((a, b) => a - b);
  if (inside.length < 2) return evenTicks(from, to, count);
  const apart = ((high - low) / count) * 0.8;
  const kept = [];
  // zero first, then from the largest down, so that what is left out lies between
  for (const value of [...inside].sort((a, b) => (b === 0) - (a === 0) || Math.abs(b) - Math.abs(a))) {
    if (kept.every((other) => Math.abs(scale.there(other) - scale.there(value)) >= apart)) kept.push(value);
  }
  return kept.sort((a, b) => a - b);
}

function decadeLabel(tick) {
  const size = Math.abs(tick);
  if (size === 0 || (size >= 1e-3 && size < 1e5)) return shortNumber(tick);
  return tick.toExponential().replace("e+", "e").replaceAll("-", "−");
}

function tickLabels(scale, ticks) {
  if (scale.kind !== "linear") return ticks.map(decadeLabel);
  const gaps = ticks.slice(1).map((tick, place) => Math.abs(tick - ticks[place]));
  const step = Math.min(...gaps, Infinity);
  const size = Math.max(...ticks.map(Math.abs));
  return ticks.map((tick) => {
    if (tick === 0) return "0";
    if (size >= 1e5 || size < 1e-3) {
      const digits = Number.isFinite(step) ? Math.max(0, Math.ceil(Math.log10(Math.abs(tick) / step) - 1e-9)) : 2;
      return tick.toExponential(Math.min(digits, 6)).replace(/\.?0+e/, "e").replace("e+", "e").replaceAll("-", "−");
    }
    const decimals = Number.isFinite(step) ? Math.max(0, -Math.floor(Math.log10(step) + 1e-9)) : 2;
    return tick.toFixed(Math.min(decimals, 8)).replace("-", "−");
  });
}
