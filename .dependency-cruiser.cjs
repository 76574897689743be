// Who may import whom. In shared, `contract` and `platform` are small libraries and may be imported by file; every other
// capability is entered through its index.ts.
const libraries = ['contract', 'platform'];
const serving = [...libraries, 'registry', 'values', 'cache', 'aggregation', 'tenancy'];

/** Each capability of shared, and the siblings that it may import. */
const CAPABILITIES = {
  contract: [],
  aggregation: [],
  platform: ['contract'],
  migrations: libraries,
  tenancy: libraries,
  cache: libraries,
  filters: ['contract'],
  registry: [...libraries, 'aggregation'],
  values: [...libraries, 'registry'],
  events: [...libraries, 'registry', 'values'],
  statistics: [...libraries, 'registry', 'values'],
  tiles: [...serving, 'events', 'filters'],
  limits: [...libraries, 'cache', 'tenancy'],
  online: [...serving, 'limits', 'tiles'],
  training: [...serving, 'events', 'tiles'],
  ingestion: serving,
  maintenance: [...libraries, 'registry', 'values', 'statistics', 'aggregation', 'events', 'tiles'],
  delivery: [...libraries, 'registry', 'ingestion', 'stream'],
  backfill: [...serving, 'events', 'ingestion', 'stream', 'tiles'],
  stream: [...serving, 'events', 'filters', 'ingestion', 'tiles'],
};

const capabilityRules = Object.entries(CAPABILITIES).map(([name, siblings]) => {
  const allowed = [name, ...siblings];
  return {
    name: `shared-${name}`,
    comment: `shared/${name} may import of shared only: ${allowed.join(', ')}`,
    severity: 'error',
    from: { path: `^shared/${name}/` },
    to: { path: '^shared/', pathNot: `^shared/(${allowed.join('|')})/` },
  };
});

function forbid(name, comment, from, to) {
  return { name, comment, severity: 'error', from, to };
}

const packages = (...names) => `(^|/)node_modules/(${names.join('|')})/`;

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    forbid('no-circular', 'A circle cannot be understood, tested or loaded in parts', {}, { circular: true }),
    forbid(
      'no-unresolved',
      'A target that is not found escapes every other rule',
      {},
      { couldNotResolve: true, pathNot: '^aws-lambda$' },
    ),
    forbid(
      'infra-alone',
      'infra names handler paths and environment keys, and imports nothing else of the code',
      { path: '^infra/' },
      { path: '^(functions|shared|clients|test)/' },
    ),
    forbid(
      'functions-use-shared',
      'A function may import shared, its own folder, functions/http and functions/composition',
      { path: '^functions/' },
      { path: '^(infra|clients|test)/' },
    ),
    forbid(
      'functions-apart',
      'One function must not load another: only functions/local composes all',
      { path: '^functions/([^/]+)/', pathNot: '^functions/local/' },
      { path: '^functions/', pathNot: '^functions/($1|http|composition)/' },
    ),
    forbid(
      'functions-composed-in-local',
      'Of the files beside the function folders, only functions/local.ts composes them',
      { path: '^functions/[^/]+$', pathNot: '^functions/local[.]ts$' },
      { path: '^functions/[^/]+/' },
    ),
    forbid(
      'clients-use-contract',
      'A client is written over what goes over the wire, and nothing else',
      { path: '^clients/' },
      { path: '^(infra|functions|test)/|^shared/(?!contract/)' },
    ),
    forbid(
      'shared-is-the-domain',
      'shared knows no deployment, no function, no client and no test',
      { path: '^shared/' },
      { path: '^(infra|functions|clients|test)/' },
    ),
    forbid(
      'shared-without-frameworks',
      'No HTTP framework, no CDK and no Lambda types in the domain',
      { path: '^shared/' },
      {
        path: [
          packages('hono', '@hono/[^/]+', 'aws-cdk', 'aws-cdk-lib', 'constructs', '@types/aws-lambda'),
          '^aws-lambda$',
        ],
      },
    ),
    forbid(
      'shared-known-capabilities',
      'Every folder of shared has a line in this file',
      { path: '^shared/', pathNot: `^shared/(${Object.keys(CAPABILITIES).join('|')})/` },
      {},
    ),
    ...capabilityRules,
    forbid(
      'capability-by-index',
      'Another capability is entered through its index.ts alone; contract and platform by file',
      { path: '^shared/([^/]+)/' },
      { path: '^shared/(?!contract/|platform/)[^/]+/(?!index[.]ts$)', pathNot: '^shared/$1/' },
    ),
    forbid(
      'capability-by-index-from-outside',
      'functions enter a capability through its index.ts alone; contract and platform by file',
      { path: '^(functions|clients|infra)/' },
      { path: '^shared/(?!contract/|platform/)[^/]+/(?!index[.]ts$)' },
    ),
    forbid(
      'online-stays-small',
      'The hot path carries no CDK and no OpenAPI in its bundle',
      { path: '^functions/online/' },
      { path: packages('aws-cdk', 'aws-cdk-lib', 'zod-openapi', '@scalar/[^/]+'), reachable: true },
    ),
  ],
  options: {
    // dependency-cruiser's own TypeScript support stops before version 7 and then finds no modules, without an error.
    // swc reads type-only imports as well, with no need of tsPreCompilationDeps.
    parser: 'swc',
    doNotFollow: { path: '(^|/)node_modules/' },
    exclude: { path: '^(cdk[.]out|dist|coverage|[.]data)/' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default', 'types'] },
  },
};
