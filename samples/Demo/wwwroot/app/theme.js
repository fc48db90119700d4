// Light, dark or as the system says, and the colours of the style sheet for what is drawn on a canvas.

const choices = ['auto', 'light', 'dark'];
const titles = { auto: 'Auto', light: 'Light', dark: 'Dark' };
const spoken = { auto: 'same as the system', light: 'light', dark: 'dark' };
const listeners = [];
const probe = document.createElement('span');
probe.hidden = true;
document.body.append(probe);

/** Red, green and blue of a custom property, 0 to 255. */
export function rgb(name) {
  probe.style.color = `var(--${name})`;
  return getComputedStyle(probe).color.match(/[\d.]+/g).slice(0, 3).map(Number);
}

/** A colour of the style sheet with an opacity. */
export const colour = (name, alpha = 1) => `rgba(${rgb(name).join(',')},${alpha})`;

export const isDark = () => {
  const chosen = document.documentElement.dataset.theme;
  return chosen ? chosen === 'dark' : matchMedia('(prefers-color-scheme: dark)').matches;
};

/** Calls back whenever colours change. */
export const onTheme = callback => listeners.push(callback);

const tell = () => listeners.forEach(callback => callback());

export function startTheme(button) {
  let choice = choices.includes(localStorage.getItem('theme')) ? localStorage.getItem('theme') : 'auto';
  const apply = () => {
    if (choice === 'auto') delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = choice;
    button.textContent = titles[choice];
    button.setAttribute('aria-label', `Colour theme: ${spoken[choice]}`);
    tell();
  };
  button.addEventListener('click', () => {
    choice = choices[(choices.indexOf(choice) + 1) % choices.length];
    localStorage.setItem('theme', choice);
    apply();
  });
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', tell);
  apply();
}
