import type { Feature, ViewVersion } from './model.ts';
import type { ResolvedFeature } from './resolve.ts';

/**
 * What reading a list of features needs, compiled once per list and registry epoch: which tables of which entity types,
 * and where in a stored row each value is. Nothing of the registry is looked at again per request.
 */
export interface ReadPlan {
  /** As asked for, in that order; a name asked twice stands twice. */
  readonly names: readonly string[];
  readonly features: readonly PlannedFeature[];
  /** `features` in pieces: what answers that are lists are written from. */
  readonly runs: readonly PlannedRun[];
  /** How an answer of many entities begins: the names, up to its rows. */
  readonly listHead: string;
  /** Each name once: what answers that are objects have. */
  readonly distinctFeatures: readonly PlannedMember[];
  /** Tables of all entities together. */
  readonly slots: number;
  /** One per entity type, in the order of their first feature. */
  readonly entities: readonly PlannedEntity[];
}

export interface PlannedFeature {
  readonly name: string;
  /** The name as JSON text. */
  readonly jsonName: string;
  readonly version: number;
  readonly feature: Feature;
  /** The feature's TTL, else its view's, in microseconds; Infinity where there is none. */
  readonly ttlMicros: number;
  /** Index into the plan's entities. */
  readonly entity: number;
  /** Index into that entity's tables. */
  readonly table: number;
  /** Index of the table among all tables of the plan. */
  readonly slot: number;
}

/** Features asked one after another that are neighbours in one table too, in its order, and of the same TTL. */
export interface PlannedRun {
  readonly features: readonly [PlannedFeature, ...PlannedFeature[]];
  /** Whether they are the first ones of their table: what rows begin with is answered as it stands there. */
  readonly beginsRow: boolean;
  /** `"PRESENT"` for each feature. */
  readonly presentStatuses: string;
}

/** A feature as a member of an answer's objects, of which each read writes two: its JSON text up to what is of the moment. */
export interface PlannedMember extends PlannedFeature {
  /** `"name":`, after a comma where it is not the first. */
  readonly member: string;
  /** `"name":{"status":"PRESENT",` likewise. */
  readonly presentMember: string;
  /** `,"version":1}` */
  readonly versionEnd: string;
}

export interface PlannedEntity {
  readonly entityType: string;
  readonly tables: readonly PlannedTable[];
  /** The tables' names: the fields of the entity's hash in the cache. */
  readonly fields: readonly string[];
  /** Index of this entity's first table among all tables of the plan. */
  readonly firstSlot: number;
}

export interface PlannedTable {
  readonly table: string;
  readonly version: ViewVersion;
  /** Features of this table that the plan reads, each once, by position. */
  readonly features: readonly Feature[];
}

export interface PlannedName {
  readonly name: string;
  readonly resolved: ResolvedFeature;
}

export const microsPerHour = 3_600_000_000;

export function compilePlan(asked: readonly PlannedName[]): ReadPlan {
  const entities = new Map<string, Map<string, { version: ViewVersion; features: Map<number, Feature> }>>();
  for (const { resolved } of asked) {
    const { version, feature } = resolved;
    const tables = getOrAdd(entities, version.entityType, () => new Map());
    const table = getOrAdd(tables, version.table, () => ({ version, features: new Map() }));
    table.features.set(feature.position, feature);
  }
  const planned = planEntities(entities);
  const features = asked.map(({ name, resolved }) => planFeature(name, resolved, planned));
  return {
    names: asked.map(({ name }) => name),
    features,
    runs: planRuns(features),
    listHead: `{"feature_names":[${features.map(({ jsonName }) => jsonName).join(',')}],"rows":[`,
    distinctFeatures: [...new Map(features.map((feature) => [feature.name, feature])).values()].map(asMember),
    slots: planned.reduce((slots, { tables }) => slots + tables.length, 0),
    entities: planned,
  };
}

function planEntities(
  entities: ReadonlyMap<string, ReadonlyMap<string, { version: ViewVersion; features: ReadonlyMap<number, Feature> }>>,
): PlannedEntity[] {
  let slots = 0;
  return [...entities].map(([entityType, tables]) => {
    const firstSlot = slots;
    slots += tables.size;
    return {
      entityType,
      firstSlot,
      fields: [...tables.keys()],
      tables: [...tables].map(([table, { version, features }]) => ({
        table,
        version,
        features: [...features.values()].sort((a, b) => a.position - b.position),
      })),
    };
  });
}

function planFeature(
  name: string,
  { version, feature }: ResolvedFeature,
  entities: readonly PlannedEntity[],
): PlannedFeature {
  const entity = entities.findIndex(({ entityType }) => entityType === version.entityType);
  const planned = entities[entity];
  const table = planned?.fields.indexOf(version.table) ?? -1;
  if (planned === undefined || table === -1) throw new Error(`no plan for ${name}`);
  const ttlHours = feature.ttlHours ?? version.ttlHours;
  return {
    name,
    jsonName: JSON.stringify(name),
    version: version.version,
    feature,
    ttlMicros: ttlHours === null ? Number.POSITIVE_INFINITY : Math.round(ttlHours * microsPerHour),
    entity,
    table,
    slot: planned.firstSlot + table,
  };
}

function planRuns(features: readonly PlannedFeature[]): PlannedRun[] {
  const runs: [PlannedFeature, ...PlannedFeature[]][] = [];
  for (const planned of features) {
    const run = runs.at(-1);
    const before = run?.at(-1);
    if (before !== undefined && isNext(before, planned)) run?.push(planned);
    else runs.push([planned]);
  }
  return runs.map((run) => ({
    features: run,
    beginsRow: run[0].feature.position === 0,
    presentStatuses: run.map(() => '"PRESENT"').join(','),
  }));
}

function isNext(before: PlannedFeature, planned: PlannedFeature): boolean {
  return (
    planned.slot === before.slot &&
    planned.feature.position === before.feature.position + 1 &&
    planned.ttlMicros === before.ttlMicros
  );
}

function asMember(feature: PlannedFeature, place: number): PlannedMember {
  const member = `${place === 0 ? '' : ','}${feature.jsonName}:`;
  return {
    ...feature,
    member,
    presentMember: `${member}{"status":"PRESENT",`,
    versionEnd: `,"version":${feature.version}}`,
  };
}

function getOrAdd<Key, Value>(map: Map<Key, Value>, key: Key, make: () => Value): Value {
  const known = map.get(key);
  if (known !== undefined) return known;
  const made = make();
  map.set(key, made);
  return made;
}
