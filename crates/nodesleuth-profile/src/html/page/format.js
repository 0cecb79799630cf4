// Numbers as people read them.

// Steps of 1,024 are called kB and so on, as in pprof's reports.
const SCALES = {
  nanoseconds: [["ns", 1], ["µs", 1e3], ["ms", 1e6], ["s", 1e9], ["min", 6e10], ["h", 3.6e12]],
  bytes: [["B", 1], ["kB", 1024], ["MB", 1048576], ["GB", 1073741824], ["TB", 1099511627776]],
};
const IN_SMALLEST = {
  nanoseconds: ["nanoseconds", 1],
  microseconds: ["nanoseconds", 1e3],
  milliseconds: ["nanoseconds", 1e6],
  seconds: ["nanoseconds", 1e9],
  bytes: ["bytes", 1],
  kilobytes: ["bytes", 1024],
  megabytes: ["bytes", 1048576],
};

/// Three digits that count.
function threeDigits(number) {
  const size = Math.abs(number);
  if (size >= 1000) return Math.round(number).toLocaleString("en-US");
  if (size === 0) return "0";
  const decimals = Math.min(6, Math.max(0, 2 - Math.floor(Math.log10(size))));
  const text = number.toFixed(decimals);
  return text.includes(".") ? text.replace(/\.?0+$/, "") : text;
}

function formatValue(value, unit) {
  if (value === 0) return "0";
  const [family, factor] = IN_SMALLEST[unit] ?? [];
  if (!family) {
    const text = Number.isInteger(value) ? value.toLocaleString("en-US") : threeDigits(value);
    return unit && unit !== "count" ? `${text} ${unit}` : text;
  }
  const smallest = value * factor;
  const scales = SCALES[family];
  let chosen = scales[0];
  for (const scale of scales) if (Math.abs(smallest) >= scale[1]) chosen = scale;
  return `${threeDigits(smallest / chosen[1])} ${chosen[0]}`;
}

function withSign(value, text) {
  return value > 0 ? `+${text}` : text.replace(/^-/, "−");
}

function formatShare(part, whole) {
  if (whole === 0) return "–";
  const percent = (100 * part) / Math.abs(whole);
  const size = Math.abs(percent);
  if (size > 0 && size < 0.01) return percent > 0 ? "<0.01%" : ">−0.01%";
  const decimals = size >= 10 || size === 0 ? 1 : 2;
  return `${percent.toFixed(decimals)}%`.replace("-", "−");
}

/// CPU time as cores, where the duration is known.
function formatCores(value, type, durationNanos) {
  const [family, factor] = IN_SMALLEST[type.unit] ?? [];
  if (type.kind !== "cpu" || family !== "nanoseconds" || durationNanos <= 0) return "";
  return `${threeDigits((value * factor) / durationNanos)} cores`;
}
