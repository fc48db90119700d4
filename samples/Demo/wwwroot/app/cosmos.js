// Fig. 3: all 256 bytes along the three directions in which they differ most, and the path of the input through them.

import { describe, glyph, kindTitles } from './bytes.js';
import { hideTip, mono, prepare, serif, showTip } from './canvas.js';
import { format, groupsOf, groupTitles, shade } from './scale.js';
import { colour, isDark, onTheme, rgb } from './theme.js';

const distance = 3.4; // of the eye, in radii of the cloud
const turn = 0.11; // radians a second
const longestPath = 512; // bytes
const pace = 5; // bytes a second that the spark travels
const start = { yaw: 3.95, pitch: 0.46, zoom: 1 };

export class Cosmos {
  #state;
  #cosmos;
  #frame = document.getElementById('cosmos');
  #canvas = document.getElementById('cosmos-canvas');
  #readout = document.getElementById('cosmos-readout');
  #pauseButton = document.getElementById('cosmos-pause');
  #pathBox = document.getElementById('cosmos-path');
  #view;
  #points = []; // [256][3], within the unit ball
  #path = []; // [n][3]
  #place = []; // [256] { x, y, near } on the canvas
  #eye = { ...start };
  #paused = false;
  #still = matchMedia('(prefers-reduced-motion: reduce)');
  #chosen = -1;
  #colours = {};
  #sprites = {};
  #seen = true;
  #last = 0;
  #spark = 0;
  #asked = false;

  constructor(state, cosmos) {
    this.#state = state;
    this.#cosmos = cosmos;
    this.#listKinds();
    this.#look('value');
    this.#pause(this.#still.matches);

    for (const radio of document.querySelectorAll('input[name="view"]'))
      radio.addEventListener('change', () => this.#look(radio.value));
    this.#pauseButton.addEventListener('click', () => this.#pause(!this.#paused));
    document.getElementById('cosmos-reset').addEventListener('click', () => {
      this.#eye = { ...start };
      this.#ask();
    });
    this.#pathBox.addEventListener('change', () => this.#ask());
    this.#still.addEventListener('change', () => this.#pause(this.#still.matches));
    this.#frame.addEventListener('keydown', event => this.#key(event));
    this.#followPointer();

    new ResizeObserver(() => this.#ask()).observe(this.#frame);
    new IntersectionObserver(([entry]) => {
      this.#seen = entry.isIntersecting;
      this.#ask();
    }).observe(this.#frame);
    onTheme(() => this.#paint());
    state.on('bytes', () => this.#trace());
  }

  #listKinds() {
    const counts = Object.groupBy(this.#cosmos.kinds, kind => kind);
    document.getElementById('kinds').replaceChildren(...Object.keys(kindTitles).map(kind => {
      const item = document.createElement('li');
      item.className = kind;
      const [dot, name, count] = ['i', 'span', 'small'].map(tag => document.createElement(tag));
      name.textContent = kindTitles[kind];
      count.textContent = counts[kind].length;
      item.append(dot, name, count);
      return item;
    }));
  }

  /** Chooses the columns by which the bytes are placed. */
  #look(name) {
    this.#view = this.#cosmos.views.find(view => view.name === name);
    const { points, components } = this.#view;
    const radius = Math.max(...points.map(point => Math.hypot(...point)));
    this.#points = points.map(point => point.map(part => part / radius));
    this.#view.radius = radius;
    const sum = components.explained.slice(0, 3).reduce((a, b) => a + b, 0);
    const percent = share => `${(100 * share).toFixed(1)} %`;
    document.getElementById('cosmos-caption').textContent = name === 'value'
      ? 'All 256 bytes, placed by the 18 columns that depend on the byte alone. All channel groups have the same weight. The axes are the three directions of most variance (PCA). The path of the input runs from byte to byte.'
      : 'All 256 bytes, placed by their 27 columns at the start of an input. All channel groups have the same weight (PCA). The path leaves the points where the previous byte changes the nine context columns.';
    document.getElementById('variance').replaceChildren(...[...components.explained.slice(0, 3), sum].map((share, i) => {
      const line = document.createElement('div');
      const [label, track, value] = ['span', 'span', 'span'].map(tag => document.createElement(tag));
      const bar = document.createElement('i');
      label.textContent = i < 3 ? `PC ${i + 1}` : 'all 3';
      track.className = 'track';
      bar.style.width = percent(share).replace(' ', '');
      value.textContent = percent(share);
      track.append(bar);
      line.append(label, track, value);
      return line;
    }));
    this.#trace();
  }

  /** Places the bytes of the input along the axes of the view. */
  #trace() {
    const { features, bytes, channels } = this.#state;
    const { columns, scales, components: { mean, axes }, radius, name } = this.#view;
    this.#path = [];
    for (let i = 0; features && i < Math.min(bytes.length, longestPath); i++) {
      if (name === 'value') {
        this.#path.push(this.#points[bytes[i]]);
        continue;
      }
      const row = features.subarray(i * channels.length, (i + 1) * channels.length);
      this.#path.push(axes.map(axis => axis.reduce((sum, weight, c) => sum + weight * (scales[c] * row[columns[c]] - mean[c]), 0) / radius));
    }
    this.#spark = 0;
    this.#ask();
  }

  #pause(paused) {
    this.#paused = paused;
    this.#pauseButton.textContent = paused ? 'Rotate' : 'Pause';
    this.#pauseButton.setAttribute('aria-pressed', String(paused));
    this.#ask();
  }

  #turn(yaw, pitch) {
    this.#eye.yaw += yaw;
    this.#eye.pitch = Math.max(-1.5, Math.min(1.5, this.#eye.pitch + pitch));
    this.#ask();
  }

  #zoom(factor) {
    this.#eye.zoom = Math.max(0.6, Math.min(4, this.#eye.zoom * factor));
    this.#ask();
  }

  #key(event) {
    const step = 0.12;
    const actions = {
      ArrowLeft: () => this.#turn(-step, 0), ArrowRight: () => this.#turn(step, 0),
      ArrowUp: () => this.#turn(0, step), ArrowDown: () => this.#turn(0, -step),
      '+': () => this.#zoom(1.15), '=': () => this.#zoom(1.15), '-': () => this.#zoom(1 / 1.15),
      ' ': () => this.#pause(!this.#paused),
      PageDown: () => this.#choose((this.#chosen + 1) % 256), PageUp: () => this.#choose(this.#chosen <= 0 ? 255 : this.#chosen - 1),
      Escape: () => this.#choose(-1),
    };
    if (!actions[event.key]) return;
    event.preventDefault();
    actions[event.key]();
  }

  #followPointer() {
    let held = null;
    this.#canvas.addEventListener('pointerdown', event => {
      held = { x: event.clientX, y: event.clientY };
      this.#canvas.setPointerCapture(event.pointerId);
    });
    this.#canvas.addEventListener('pointermove', event => {
      if (held) {
        hideTip();
        this.#turn((event.clientX - held.x) * 0.008, (event.clientY - held.y) * 0.008);
        held = { x: event.clientX, y: event.clientY };
        return;
      }
      const box = this.#canvas.getBoundingClientRect();
      this.#choose(this.#nearest(event.clientX - box.left, event.clientY - box.top));
      if (this.#chosen < 0) hideTip();
      else showTip(event, [describe(this.#chosen), kindTitles[this.#cosmos.kinds[this.#chosen]]]);
    });
    for (const end of ['pointerup', 'pointercancel'])
      this.#canvas.addEventListener(end, () => {
        held = null;
      });
    this.#canvas.addEventListener('pointerleave', hideTip);
    this.#canvas.addEventListener('wheel', event => {
      if (!event.ctrlKey) return; // the page scrolls; pinching zooms
      event.preventDefault();
      this.#zoom(Math.exp(-event.deltaY * 0.01));
    }, { passive: false });
  }

  #nearest(x, y) {
    let [best, reach] = [-1, 14];
    this.#place.forEach((place, value) => {
      const away = Math.hypot(place.x - x, place.y - y) - place.near; // of two at the same place, the nearer
      if (away < reach) [best, reach] = [value, away];
    });
    return best;
  }

  #choose(value) {
    if (value === this.#chosen) return;
    this.#chosen = value;
    this.#tell();
    this.#ask();
  }

  #tell() {
    if (this.#chosen < 0) {
      const hint = document.createElement('p');
      hint.className = 'small';
      hint.textContent = 'Point at a byte to see its channels. Drag or use the arrow keys to rotate. Page up and page down step through the bytes.';
      this.#readout.replaceChildren(hint);
      return;
    }
    const { channels } = this.#state;
    const row = this.#cosmos.rows[this.#chosen];
    const title = document.createElement('p');
    const sign = document.createElement('span');
    sign.className = 'glyph';
    sign.textContent = glyph(this.#chosen);
    title.append(sign, ` 0x${this.#chosen.toString(16).padStart(2, '0').toUpperCase()} · ${this.#chosen} · ${kindTitles[this.#cosmos.kinds[this.#chosen]]}`);
    const strip = document.createElement('canvas');
    const values = groupsOf(channels).filter(group => ['delta', 'fourier', 'phase'].includes(group.name)).map(group => {
      const line = document.createElement('p');
      line.className = 'small';
      const numbers = row.slice(group.first, group.first + group.count).map(format);
      line.textContent = `${groupTitles[group.name]} ${numbers.join(group.name === 'delta' ? '' : ' ')}`;
      return line;
    });
    this.#readout.replaceChildren(title, strip, ...values);
    const width = this.#readout.clientWidth;
    const context = prepare(strip, width, 34);
    const cell = width / channels.length;
    channels.forEach((channel, column) => {
      context.fillStyle = shade(row[column], channel);
      context.fillRect(column * cell, 0, cell - 1, 34);
    });
  }

  /** Takes the colours of the theme. */
  #paint() {
    const dark = isDark();
    for (const kind of Object.keys(kindTitles)) {
      const [r, g, b] = rgb(kind);
      this.#colours[kind] = `rgb(${r},${g},${b})`;
      const sprite = document.createElement('canvas');
      sprite.width = sprite.height = 96;
      const context = sprite.getContext('2d');
      const glow = context.createRadialGradient(48, 48, 0, 48, 48, 48);
      for (const [at, alpha] of dark ? [[0, 0.6], [0.18, 0.3], [0.45, 0.08], [1, 0]] : [[0, 0.26], [0.3, 0.11], [0.6, 0.03], [1, 0]])
        glow.addColorStop(at, `rgba(${r},${g},${b},${alpha})`);
      context.fillStyle = glow;
      context.fillRect(0, 0, 96, 96);
      this.#sprites[kind] = sprite;
    }
    this.#tell();
    this.#ask();
  }

  /** Draws in the next frame, and goes on while anything moves. */
  #ask() {
    if (this.#asked || !this.#seen) return;
    this.#asked = true;
    requestAnimationFrame(now => {
      this.#asked = false;
      const elapsed = Math.min(0.1, (now - this.#last) / 1000);
      this.#last = now;
      const moving = !this.#paused && this.#seen;
      if (moving) {
        this.#eye.yaw += turn * elapsed;
        this.#spark += pace * elapsed;
      }
      this.#draw();
      if (moving) this.#ask();
    });
  }

  #draw() {
    const width = this.#frame.clientWidth;
    const height = this.#frame.clientHeight;
    if (width === 0 || !this.#sprites.control) return;
    const context = prepare(this.#canvas, width, height);
    const size = Math.min(width * 0.4, height * 0.6) * this.#eye.zoom;
    const [cy, sy, cp, sp] = [Math.cos(this.#eye.yaw), Math.sin(this.#eye.yaw), Math.cos(this.#eye.pitch), Math.sin(this.#eye.pitch)];
    // The first two directions lie level, the third stands upright.
    const project = ([a, b, c]) => {
      const x = a * cy + b * sy;
      const z = -a * sy + b * cy;
      const y = c * cp - z * sp;
      const depth = c * sp + z * cp; // -1 far to 1 near
      const scale = distance / (distance - depth);
      return { x: width / 2 + x * size * scale, y: height * 0.48 - y * size * scale, near: (depth + 1) / 2, scale };
    };

    this.#drawAxes(context, project);
    this.#place = this.#points.map(project);
    const path = this.#pathBox.checked ? this.#path.map(project) : [];
    const onPath = new Set(this.#pathBox.checked ? this.#state.bytes.subarray(0, this.#path.length) : []);
    this.#drawPath(context, path, false);
    this.#drawStars(context, onPath);
    this.#drawPath(context, path, true);
    this.#drawSpark(context, path);
  }

  #drawAxes(context, project) {
    context.lineWidth = 1;
    const ring = Array.from({ length: 97 }, (_, i) => project([Math.cos(i * Math.PI / 48), Math.sin(i * Math.PI / 48), 0]));
    ring.slice(1).forEach((point, i) => {
      context.strokeStyle = colour('edge', 0.08 + 0.2 * point.near);
      context.beginPath();
      context.moveTo(ring[i].x, ring[i].y);
      context.lineTo(point.x, point.y);
      context.stroke();
    });
    const ends = [[1.12, 0, 0], [0, 1.12, 0], [0, 0, 0.7]];
    ends.forEach((end, axis) => {
      const from = project(end.map(part => -part));
      const to = project(end);
      context.strokeStyle = colour('edge', 0.22);
      context.beginPath();
      context.moveTo(from.x, from.y);
      context.lineTo(to.x, to.y);
      context.stroke();
      context.fillStyle = colour('muted', 0.35 + 0.6 * Math.max(0, Math.min(1, to.near)));
      context.font = serif(14);
      context.textAlign = 'center';
      context.textBaseline = 'middle';
      context.fillText(`PC ${axis + 1}`, to.x, to.y - 10);
    });
  }

  #drawStars(context, onPath) {
    const dark = isDark();
    const order = this.#place.map((_, value) => value).sort((a, b) => this.#place[a].near - this.#place[b].near);
    for (const value of order) {
      const { x, y, near, scale } = this.#place[value];
      const kind = this.#cosmos.kinds[value];
      const lit = onPath.has(value);
      const visible = 0.4 + 0.6 * Math.max(0, Math.min(1, near));
      const radius = (lit ? 3.6 : 2.6) * scale * (0.75 + 0.5 * near);
      context.globalCompositeOperation = dark ? 'lighter' : 'source-over';
      context.globalAlpha = visible * (lit ? 1 : 0.75);
      const glow = radius * (lit ? 8.5 : 6.5);
      context.drawImage(this.#sprites[kind], x - glow / 2, y - glow / 2, glow, glow);
      context.globalCompositeOperation = 'source-over';
      context.globalAlpha = visible;
      context.fillStyle = this.#colours[kind];
      context.beginPath();
      context.arc(x, y, radius * 0.82, 0, 2 * Math.PI);
      context.fill();
      if (lit || value === this.#chosen) {
        context.lineWidth = value === this.#chosen ? 2 : 1;
        context.strokeStyle = value === this.#chosen ? colour('ink') : colour('ink', 0.55);
        context.stroke();
      }
    }
    context.globalAlpha = 1;
    // Names come last, so that no star hides them.
    context.textAlign = 'left';
    context.textBaseline = 'middle';
    for (const value of order) {
      if (!onPath.has(value) && value !== this.#chosen) continue;
      if (onPath.size > 80 && value !== this.#chosen) continue;
      const { x, y, near, scale } = this.#place[value];
      const sign = glyph(value);
      context.font = mono((sign.length > 1 ? 9.5 : 12.5) * (0.8 + 0.25 * scale * near), value === this.#chosen ? 700 : 400);
      context.fillStyle = colour('ink', 0.25 + 0.75 * Math.max(0, Math.min(1, near)));
      context.fillText(sign, x + 6 * scale, y - 7 * scale);
    }
  }

  /** The far half of the path before the stars, the near half after them. */
  #drawPath(context, path, near) {
    const strength = path.length > 120 ? 0.3 : 0.62;
    context.lineWidth = path.length > 120 ? 0.8 : 1.25;
    context.lineCap = 'round';
    for (let i = 1; i < path.length; i++) {
      const [a, b] = [path[i - 1], path[i]];
      const middle = (a.near + b.near) / 2;
      if (middle >= 0.5 !== near) continue;
      context.strokeStyle = colour('accent', strength * (0.25 + 0.75 * Math.max(0, Math.min(1, middle))));
      context.beginPath();
      context.moveTo(a.x, a.y);
      context.lineTo(b.x, b.y);
      context.stroke();
    }
  }

  /** A light that runs along the path in reading order. */
  #drawSpark(context, path) {
    if (path.length < 2 || this.#paused) return;
    const at = this.#spark % (path.length - 1);
    const tail = 10;
    for (let i = tail; i >= 0; i--) {
      const t = at - i * 0.06;
      if (t < 0) continue;
      const [a, b] = [path[Math.floor(t)], path[Math.floor(t) + 1]];
      const part = t % 1;
      context.globalAlpha = 1 - i / (tail + 1);
      context.fillStyle = isDark() ? '#fff6e0' : colour('accent');
      context.beginPath();
      context.arc(a.x + (b.x - a.x) * part, a.y + (b.y - a.y) * part, 3.1 - 2.2 * i / tail, 0, 2 * Math.PI);
      context.fill();
    }
    context.globalAlpha = 1;
  }
}
