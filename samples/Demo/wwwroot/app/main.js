// Puts the page together.

import * as api from './api.js';
import { Asking } from './asking.js';
import { Cosmos } from './cosmos.js';
import { FeatureMap } from './featuremap.js';
import { Generation } from './generation.js';
import { SlotView } from './slot.js';
import { Source } from './source.js';
import { State } from './state.js';
import { startTheme } from './theme.js';

try {
  const [about, cosmos] = await Promise.all([api.about(), api.cosmos()]);
  const state = new State(about);
  new FeatureMap(state);
  new SlotView(state);
  new Cosmos(state, cosmos);
  startTheme(document.getElementById('theme'));
  const source = new Source(state, about.inputBytes);
  new Generation(about, (name, bytes) => source.showBytes(name, bytes, bytes.length));
  if (about.knowledge) new Asking(about.knowledge, about.textBytes);
  document.documentElement.dataset.ready = '';
} catch (error) {
  const problem = document.getElementById('source-problem');
  problem.textContent = error.message;
  problem.hidden = false;
}
