/**
 * Bundles the package's entries, its program and its workers into `dist`. `tsc` writes the declarations (tsconfig.build.json).
 *
 *     node build.js            bundles, unless nothing has changed since it last did
 *     node build.js --clean    bundles anyway, and leaves no older bundle in `dist`
 *
 * All bundles lie in one folder, so that what they find beside themselves does not depend on how the code was split
 * (src/shell/base/package.ts). Their names tell their contents: a run that is at work goes on with the bundles it began with, even
 * if others are built meanwhile.
 */
import { createHash } from 'node:crypto'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'

const root = import.meta.dirname
const dist = join(root, 'dist')

/** Bundle → its source. The first four are the entries in package.json. */
const entries = {
  index: 'src/core/index.ts',
  runs: 'src/shell/runs.ts',
  laws: 'src/core/laws/index.ts',
  shell: 'src/shell/index.ts',
  bilevel: 'src/shell/cli/main.ts',
  'comparison.worker': 'src/shell/compare/worker.ts',
  'trainingThread.worker': 'src/shell/work/trainingThread.worker.ts',
}

/**
 * What is bundled in, because it is many small modules: loading them took most of the time of an import. The types in the
 * declarations still come from the packages, so these stay dependencies.
 */
const bundled = ['fp-ts', 'io-ts', 'pure-rand']

/** What the bundles are made of: if none of it has another size or time, nothing is to be done. */
const inputs = () => {
  const sources = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })
    .filter(path => path.endsWith('.ts'))
    .map(path => join('src', path))
  return ['build.js', 'package.json', 'package-lock.json', ...sources].sort()
}

const fingerprint = () => {
  const hash = createHash('sha256')
  for (const path of inputs()) {
    const { size, mtimeMs } = statSync(join(root, path))
    hash.update(`${path} ${size} ${mtimeMs}\n`)
  }
  return hash.digest('hex')
}

const stamp = join(dist, '.bundled')

const isUpToDate = now => {
  try {
    return readFileSync(stamp, 'utf8') === now
  } catch {
    return false
  }
}

/** The licences of what is bundled ask to be passed on with it. */
const licences = () =>
  bundled
    .map(name => `${name}\n\n${readFileSync(join(root, 'node_modules', name, 'LICENSE'), 'utf8').trim()}\n`)
    .join('\n\n')

const functions = new Set(['ArrowFunctionExpression', 'FunctionExpression', 'ClassExpression'])
const visible = new Set(['CallExpression', 'NewExpression', 'MemberExpression', 'SpreadElement'])

/** Whether computing a value could do something else, for all that a bundler knows: it calls, or reads a property. */
const mayAct = node => {
  if (Array.isArray(node)) return node.some(mayAct)
  if (typeof node !== 'object' || node === null || functions.has(node.type)) return false
  return visible.has(node.type) || Object.values(node).some(mayAct)
}

/**
 * Lets an application's bundler leave out a constant that is not used. A codec is a call, and a bundler keeps calls of which
 * it does not know that they do nothing else. A whole module it can leave out (`sideEffects` in package.json), but a bundle
 * holds many.
 */
const pureConstants = ({ parseAst, RolldownMagicString }) => ({
  name: 'pure-constants',
  renderChunk: code => {
    const text = new RolldownMagicString(code)
    const values = parseAst(code)
      .body.map(statement =>
        statement.type === 'ExportNamedDeclaration' ? statement.declaration : statement,
      )
      .filter(statement => statement?.type === 'VariableDeclaration')
      .flatMap(({ declarations }) => declarations.map(({ init }) => init))
    for (const { start, end } of values.filter(mayAct)) {
      text.appendLeft(start, '/* @__PURE__ */ (() => (')
      text.appendRight(end, '))()')
    }
    return { code: text.toString(), map: JSON.parse(text.generateMap({ hires: 'boundary' }).toString()) }
  },
})

const bundles = async () => {
  const [{ rolldown, RolldownMagicString }, { parseAst }] = await Promise.all([
    import('rolldown'),
    import('rolldown/parseAst'),
  ])
  const { dependencies, optionalDependencies, peerDependencies } = JSON.parse(
    readFileSync(join(root, 'package.json'), 'utf8'),
  )
  const external = Object.keys({ ...dependencies, ...optionalDependencies, ...peerDependencies })
    .filter(name => !bundled.includes(name))
    .map(name => new RegExp(`^${name}(/|$)`))
  const build = await rolldown({
    cwd: root,
    input: entries,
    platform: 'neutral',
    external: [/^node:/, ...external],
    resolve: {
      alias: { 'fp-ts/lib': join(root, 'node_modules/fp-ts/es6') },
      extensionAlias: { '.js': ['.ts', '.js'] },
      mainFields: ['module', 'main'],
    },
    transform: { target: 'es2022' },
    treeshake: { moduleSideEffects: false },
    // Numbers and operations stay as they are written.
    optimization: { inlineConst: false },
    plugins: [pureConstants({ parseAst, RolldownMagicString })],
    // It would warn of a machine that is busy.
    checks: { bundlerTimings: false },
    onLog: (level, log) => {
      if (level === 'warn') throw new Error(log.message)
    },
  })
  const { output } = await build.generate({
    format: 'es',
    entryFileNames: '[name].js',
    chunkFileNames: '[name]-[hash].js',
    sourcemap: true,
    minify: false,
    comments: { legal: true, annotation: true, jsdoc: false },
    // One file to be loaded where there would be a dozen, each for those who need just that.
    codeSplitting: {
      groups: [{ name: 'core', test: /[\\/]src[\\/]core[\\/](?!laws[\\/])|[\\/]node_modules[\\/]/ }],
    },
  })
  await build.close()
  return output
}

/** Removes declarations of sources that are gone: `tsc -b` leaves them, and a package would ship them. */
const dropStaleTypes = () => {
  const types = join(dist, 'types')
  for (const path of existsSync(types) ? readdirSync(types, { recursive: true, encoding: 'utf8' }) : []) {
    const source = /^(.*)\.d\.ts(?:\.map)?$/.exec(path)?.[1]
    if (source !== undefined && !existsSync(join(root, 'src', `${source}.ts`))) rmSync(join(types, path))
  }
}

/** A map without the texts of our sources, which are in the package beside it. */
const withoutOwnSources = text => {
  const map = JSON.parse(text)
  const sourcesContent = map.sources.map((source, i) =>
    source.startsWith('../src/') ? null : map.sourcesContent[i],
  )
  return JSON.stringify({ ...map, sourcesContent })
}

const clean = process.argv.includes('--clean')
const now = fingerprint()
if (clean || !isUpToDate(now)) {
  const output = await bundles()
  mkdirSync(dist, { recursive: true })
  if (clean) dropStaleTypes()
  if (clean)
    for (const name of readdirSync(dist))
      if (name !== 'types') rmSync(join(dist, name), { recursive: true, force: true })
  for (const { type, fileName, code, source } of output)
    writeFileSync(
      join(dist, fileName),
      type === 'chunk' ? code : fileName.endsWith('.map') ? withoutOwnSources(source) : source,
    )
  // npm sets this bit only when it first links the folder.
  chmodSync(join(dist, 'bilevel.js'), 0o755)
  writeFileSync(join(dist, 'LICENCES'), licences())
  writeFileSync(stamp, now)
}
