import { foldEvent } from './fold-event.ts';
import type { FoldPlan } from './fold-plan.ts';
import type { CountedEvent } from './parts.ts';
import { createTile, type Tile, tileStart } from './tile.ts';

export interface EntityEvent extends CountedEvent {
  readonly entityId: string;
}

/** The tiles of the events of one entity, in the order of time. */
export function foldEvents(plan: FoldPlan, events: Iterable<CountedEvent>): Tile[] {
  const tiles: Tile[] = [];
  for (const event of events) foldEvent(plan, tileOf(plan, tiles, event), event);
  return tiles.sort((a, b) => a.startMicros - b.startMicros);
}

/** The tiles of the events of many entities, in no order. */
export function foldByEntity(plan: FoldPlan, events: Iterable<EntityEvent>): Map<string, Tile[]> {
  const byEntity = new Map<string, Tile[]>();
  for (const event of events) {
    let tiles = byEntity.get(event.entityId);
    if (tiles === undefined) {
      tiles = [];
      byEntity.set(event.entityId, tiles);
    }
    foldEvent(plan, tileOf(plan, tiles, event), event);
  }
  return byEntity;
}

/** The entity's tile for the event, from the last one on: most events of a batch are of one hour. */
function tileOf(plan: FoldPlan, tiles: Tile[], { eventMicros }: CountedEvent): Tile {
  const startMicros = tileStart(eventMicros);
  for (let place = tiles.length - 1; place >= 0; place--) {
    const tile = tiles[place];
    if (tile?.startMicros === startMicros) return tile;
  }
  const tile = createTile(plan, startMicros);
  tiles.push(tile);
  return tile;
}
