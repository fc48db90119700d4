// What every drawing needs: sharp pixels, a font, a tip beside the pointer.

/** Gives a canvas a size in CSS pixels and returns its context in that measure. */
export function prepare(canvas, width, height) {
  const scale = window.devicePixelRatio || 1;
  const [w, h] = [Math.round(width * scale), Math.round(height * scale)];
  if (canvas.width !== w || canvas.height !== h) {
    canvas.width = w;
    canvas.height = h;
  }
  canvas.style.width = `${width}px`;
  canvas.style.height = `${height}px`;
  const context = canvas.getContext('2d');
  context.setTransform(scale, 0, 0, scale, 0, 0);
  context.clearRect(0, 0, width, height);
  return context;
}

const fonts = getComputedStyle(document.documentElement);

export const mono = (size, weight = 400) => `${weight} ${size}px ${fonts.getPropertyValue('--mono')}`;
export const sans = (size, weight = 400) => `${weight} ${size}px ${fonts.getPropertyValue('--sans')}`;
export const serif = (size, style = 'italic') => `${style} ${size}px ${fonts.getPropertyValue('--serif')}`;

const tip = document.getElementById('tip');

/** Shows lines of text beside the pointer, the first one bold. */
export function showTip(event, [first, ...lines]) {
  const title = document.createElement('b');
  title.textContent = first;
  tip.replaceChildren(title, ...lines.flatMap(line => [document.createElement('br'), line]));
  tip.hidden = false;
  const { width, height } = tip.getBoundingClientRect();
  const x = event.clientX + 16 + width < innerWidth ? event.clientX + 16 : event.clientX - width - 12;
  const y = event.clientY + 16 + height < innerHeight ? event.clientY + 16 : event.clientY - height - 12;
  tip.style.transform = `translate(${Math.max(4, x)}px, ${Math.max(4, y)}px)`;
}

export const hideTip = () => {
  tip.hidden = true;
};

/** Calls back once per frame at most, however often it is asked. */
export function onFrame(callback) {
  let asked = false;
  return () => {
    if (asked) return;
    asked = true;
    requestAnimationFrame(() => {
      asked = false;
      callback();
    });
  };
}
