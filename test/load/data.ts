import { zipfUsers } from '../bench/support/stream-events.ts';
import { type BenchView, namesOf } from '../bench/support/write-view.ts';

/** What the load is about: entities of one view with ten features, and a service of five of them. */
export const loadView: BenchView = {
  name: 'load_profile',
  entityType: 'load_entity',
  features: namesOf('load_f', 10),
  entities: 3000,
  prefix: 'load_',
};

export const loadService = { name: 'load_model', features: loadView.features.slice(0, 5) };

const zipf = zipfUsers(loadView.entities);

/** The entity of rank r is asked for 1/r as often as the first: every tenth time it is that one. */
export function anyEntity(): string {
  return `${loadView.prefix}${zipf.pick()}`;
}

/** The first of all; stampede.yml names it. */
export const hotEntity = `${loadView.prefix}0`;
