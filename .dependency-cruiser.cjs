// The folders are the architecture: imports run one way. This file is that table, enforced.
// A folder may import itself and what is listed here; `X/(a|b)` narrows to files of X.
const CODECS_OF_RAFT = 'raft/(entry|message|ready|config)';
const allowed = {
  base: [],
  os: ['base'],
  raft: ['base'],
  storage: ['base', 'os', CODECS_OF_RAFT],
  kv: ['base', 'raft/entry'],
  transport: ['base'],
  wire: ['base', CODECS_OF_RAFT, 'kv/command', 'kv/types', 'transport'],
  diagnostics: ['base'],
  node: ['base', 'os', 'raft', 'storage', 'kv', 'transport', 'wire', 'diagnostics'],
  client: ['base', 'kv/(command|types)', 'transport', 'wire'],
  verify: ['base', 'raft', 'storage', 'kv', 'transport', 'wire', 'client', 'diagnostics', 'node'],
  cluster: ['base', 'os', 'diagnostics', 'client', 'transport', 'wire'],
  console: ['base', 'os/directories', 'cluster', 'client', 'diagnostics', 'verify/(chaos|faults|load|history|checker)'],
  testing: ['base', 'client', 'cluster', 'diagnostics', 'transport'],
  cli: ['base', 'console', 'cluster', 'client', 'diagnostics', 'verify', 'node/main', 'wire/node-spec'],
};
const pattern = (entry) => (entry.includes('/') ? `^src/${entry}` : `^src/${entry}/`);

/** Only these may touch the machine's clock, timers and entropy, and the LMDB backend. */
const COMPOSITION_ROOTS = [
  '^src/node/main',
  '^src/cluster/',
  '^src/console/',
  '^src/cli/',
  '^src/client/connect',
  '^src/testing/(world|supervisor-process)',
];

const builtinOnlyIn = (name, builtin, places) => ({
  name,
  severity: 'error',
  from: { path: '^src/', pathNot: places },
  to: { path: `^(node:)?(${builtin})$`, dependencyTypes: ['core'] },
});

module.exports = {
  forbidden: [
    ...Object.entries(allowed).map(([folder, targets]) => ({
      name: `${folder}-imports-only-what-stands-below-it`,
      severity: 'error',
      from: { path: `^src/${folder}/` },
      to: { path: '^src/', pathNot: [`^src/${folder}/`, ...targets.map(pattern)] },
    })),
    {
      name: 'only-composition-roots-import-the-real-world',
      severity: 'error',
      from: { path: '^src/', pathNot: ['^src/base/real/', ...COMPOSITION_ROOTS] },
      to: { path: ['^src/base/real/', '^src/kv/backend-lmdb'] },
    },
    {
      name: 'only-cli-imports-node-main',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/cli/' },
      to: { path: '^src/node/main' },
    },
    builtinOnlyIn('files-only-where-files-live', 'fs|fs/promises', [
      '^src/storage/real-file-system',
      '^src/kv/(backend-lmdb|lmdb-engine|lmdb-file)',
      '^src/os/',
      '^src/cluster/',
      '^src/console/files',
      '^src/cli/(launch|lost-terminal)',
      '^src/testing/node-files',
    ]),
    builtinOnlyIn('sockets-only-in-transport', 'net|dgram|http|https|tls', [
      '^src/transport/',
      '^src/node/supervisor-channel',
      '^src/cli/background',
      '^src/testing/(supervisor-process|companion-process)',
      '^src/cluster/ports',
    ]),
    // Asks `ps` who a process is; and the supervisor beside a test, which should load little. All others are execa's.
    builtinOnlyIn('child-processes-only-in-their-place', 'child_process', [
      '^src/os/process-identity',
      '^src/testing/companion-process',
    ]),
    {
      name: 'execa-only-in-child-process',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/cluster/child-process' },
      to: { path: 'node_modules/execa' },
    },
    // Types included: two files that need each other's types are one noun, or lack a third.
    { name: 'no-circles', severity: 'error', from: {}, to: { circular: true } },
    { name: 'everything-resolves', severity: 'error', from: {}, to: { couldNotResolve: true } },
    { name: 'source-never-imports-tests', severity: 'error', from: { path: '^(src|bin)/' }, to: { path: '^test/' } },
    {
      name: 'no-development-packages-in-the-product',
      severity: 'error',
      from: { path: '^(src|bin)/' },
      to: { dependencyTypes: ['npm-dev'], pathNot: ['@types/'] },
    },
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    doNotFollow: { path: 'node_modules' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default', 'types'],
    },
  },
};
