/** A learner of as many users and items as ML-1M has, each user remembered by so many ratings, and ratings that come in. */
import { createKernel } from '../../dist/kernel/choose.js';
import { ItemTable } from '../../dist/model/item-table.js';
import { Learner } from '../../dist/model/learner.js';
import { defaultSettings } from '../../dist/model/settings.js';
import { seededRandom } from '../../dist/adapters/synthetic/seeded-random.js';

export const userIds = Array.from({ length: 6040 }, (_, n) => `user-${n}`);
export const itemIds = Array.from({ length: 3706 }, (_, n) => `item-${n}`);

/** Ratings are forgotten and put back every so often, as checkpoints do. */
const batch = 4000;

export class Stream {
  #users;
  #items;
  #ratings;
  #seconds = 2_000_000;
  #next = 0;

  constructor(remembered, users = userIds) {
    this.kernel = createKernel();
    const settings = { ...defaultSettings, historyLimit: remembered };
    this.items = new ItemTable(settings, this.kernel);
    this.learner = new Learner(settings, this.items);
    const { uniform } = seededRandom(1);
    const slot = { itemRow: 0, seconds: 0, rating: 3, weight: 1, userResidual: 0, itemResidual: 0 };
    const { cells } = this.learner.users;
    for (const id of itemIds) this.items.ensure(id);
    for (const id of users) {
      const row = new Float32Array(cells);
      row[settings.k + 1] = remembered;
      row[settings.k + 7] = remembered;
      this.learner.loadUser(id, row);
      for (let n = 0; n < remembered; n++) {
        slot.itemRow = Math.floor(uniform() * itemIds.length);
        slot.seconds = 1_000_000 + n;
        slot.rating = 1 + Math.floor(5 * uniform());
        this.learner.loadSlot(id, n, slot);
      }
      this.learner.settle();
    }
    this.#users = Int32Array.from({ length: 1 << 16 }, () => Math.floor(uniform() * users.length));
    this.#items = Int32Array.from({ length: 1 << 16 }, () => Math.floor(uniform() * itemIds.length));
    this.#ratings = Int32Array.from({ length: 1 << 16 }, () => 1 + Math.floor(5 * uniform()));
  }

  /** Predicts and learns so many ratings. */
  run(events) {
    const { learner, items } = this;
    for (let n = 0; n < events; n++) {
      const at = this.#next++ & 0xffff;
      const user = userIds[this.#users[at]];
      const item = itemIds[this.#items[at]];
      learner.predictOne(learner.users.find(user), items.find(item), ++this.#seconds);
      learner.learnOne(user, item, this.#ratings[at], this.#seconds, 1);
      if (this.#next % batch === 0) learner.settle();
    }
  }
}
