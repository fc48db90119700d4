// From the value of a channel to a colour: zero is blank, the two ends of a channel's own range are the full colours.

import { onTheme, rgb } from './theme.js';

const steps = 128;
let table = [];

function build() {
  const [zero, low, high] = [rgb('zero'), rgb('low'), rgb('high')];
  table = Array.from({ length: 2 * steps + 1 }, (_, i) => {
    const t = (i - steps) / steps;
    const end = t < 0 ? low : high;
    // A little more than linear near zero, so that small values can be told from none.
    const weight = Math.abs(t) ** 0.8;
    return `rgb(${zero.map((part, c) => Math.round(part + (end[c] - part) * weight)).join(',')})`;
  });
}

onTheme(build);

/** The colour of a value of a channel. */
export function shade(value, channel) {
  const reach = Math.max(channel.high, -channel.low);
  const t = Math.max(-1, Math.min(1, value / reach));
  return table[steps + Math.round(t * steps)];
}

/** A value as it is written: to three places at most. */
export const format = value => String(Number(value.toFixed(3))).replace('-', '−');

/** The five groups in their order, with the rows each takes. */
export function groupsOf(channels) {
  const groups = [];
  channels.forEach((channel, row) => {
    if (groups.at(-1)?.name !== channel.group) groups.push({ name: channel.group, first: row, count: 0, low: Infinity, high: -Infinity });
    const group = groups.at(-1);
    group.count++;
    group.low = Math.min(group.low, channel.low);
    group.high = Math.max(group.high, channel.high);
  });
  return groups;
}

export const groupTitles = { delta: 'Δ', delta2: 'Δ²', boundary: 'boundary', fourier: 'Fourier', phase: 'phase' };
