// Installs the packed packages into an empty project, as a user would, and runs the quickstarts of
// their READMEs there. Needs a build.
import { execFileSync, spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { runnerImport, transformWithOxc } from 'vite'

const root = resolve(import.meta.dirname, '..')
const PACKED = ['protocol', 'core', 'sockets', 'memory', 'postgres', 'ws', 'uws']
const PATIENCE_MS = 20_000

/** What a quickstart is run with: reports where it listens, and moves it to a free port. */
const NODE_ON_FREE_PORT = `
  import { Server } from 'node:net'
  const listen = Server.prototype.listen
  Server.prototype.listen = function (...args) {
    this.once('listening', () => process.send(this.address().port))
    const done = args.findLast((arg) => typeof arg === 'function')
    return listen.call(this, 0, '127.0.0.1', ...(done ? [done] : []))
  }`
const UWS_ON_FREE_PORT = `
  import { createRequire } from 'node:module'
  const uWS = createRequire(import.meta.url)('uWebSockets.js')
  const { App } = uWS
  uWS.App = (...options) => {
    const app = App(...options)
    const listen = app.listen.bind(app)
    app.listen = (...args) =>
      listen('127.0.0.1', 0, (socket) => {
        process.send(uWS.us_socket_local_port(socket))
        args.at(-1)(socket)
      })
    return app
  }`

const project = mkdtempSync(join(tmpdir(), 'chan-pack-'))
try {
  const readSnippet = await loadReadSnippet()
  // READMEs are read first: a missing one should not cost an install.
  const quickstarts = {
    memory: await strip(readSnippet(join(root, 'packages/memory/README.md'), 'ts-1')),
    postgres: await strip(readSnippet(join(root, 'packages/postgres/README.md'), 'ts-1')),
    ws: await strip(readSnippet(join(root, 'packages/ws/README.md'), 'ts-1')),
    uws: await strip(readSnippet(join(root, 'packages/uws/README.md'), 'ts-1')),
  }
  const paths = {
    ws: readSocketPath('packages/ws/README.md'),
    uws: readSocketPath('packages/uws/README.md'),
  }
  install(pack())
  await runToItsEnd(write('memory.mjs', quickstarts.memory))
  await onDatabase(write('postgres.mjs', quickstarts.postgres))
  await talkThroughBridge(write('ws.mjs', quickstarts.ws), paths.ws, NODE_ON_FREE_PORT)
  await onUws(() =>
    talkThroughBridge(write('uws.mjs', quickstarts.uws), paths.uws, UWS_ON_FREE_PORT),
  )
  console.log('pack: the quickstarts run from the packed packages')
} finally {
  rmSync(project, { recursive: true, force: true })
}

function pack() {
  const folder = join(project, 'tarballs')
  mkdirSync(folder)
  for (const name of PACKED) {
    const cwd = join(root, 'packages', name)
    execFileSync('pnpm', ['pack', '--pack-destination', folder], { cwd, stdio: 'pipe' })
  }
  return readdirSync(folder).map((file) => join(folder, file))
}

function install(tarballs) {
  write('package.json', JSON.stringify({ name: 'empty', private: true, type: 'module' }))
  const flags = ['--no-audit', '--no-fund', '--loglevel=error']
  const { devDependencies } = JSON.parse(
    readFileSync(join(root, 'packages/uws/package.json'), 'utf8'),
  )
  const uws = `uWebSockets.js@${devDependencies['uWebSockets.js']}`
  execFileSync('npm', ['install', ...flags, uws, ...tarballs], { cwd: project, stdio: 'inherit' })
  for (const name of PACKED) {
    const folder = join(project, 'node_modules/@chan', name)
    const { version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
    const nested = readdirSync(folder).includes('node_modules')
    console.log(`pack: @chan/${name} ${version}: ${readdirSync(folder).sort().join(' ')}`)
    if (nested) throw new Error(`@chan/${name} did not take its siblings from the tarballs`)
  }
}

/** The quickstart must finish by itself, without an error. */
async function runToItsEnd(script, env = {}) {
  const child = spawn(process.execPath, [script], {
    cwd: project,
    stdio: 'inherit',
    env: { ...process.env, ...env },
  })
  const code = await within(ended(child), `${script} to end`).finally(() => child.kill('SIGKILL'))
  if (code !== 0) throw new Error(`${script} ended with ${code}`)
}

/** An administrator installs what the packed command prints; then the quickstart runs. */
async function onDatabase(script) {
  const testkit = join(root, 'packages/testkit/src/postgres')
  const { startPostgres } = (await runnerImport(join(testkit, 'start-postgres.ts'))).module
  const { runSql } = (await runnerImport(join(testkit, 'run-sql.ts'))).module
  const server = await startPostgres()
  try {
    const sql = execFileSync('npx', ['--no-install', 'chan-postgres', 'sql'], { cwd: project })
    await runSql(server.url, String(sql))
    await runToItsEnd(script, { DATABASE_URL: server.url })
  } finally {
    await server.close()
  }
}

/** Its binary loads for some versions of Node only; the one that the tests bring has Node 20's. */
async function onUws(run) {
  try {
    execFileSync(process.execPath, ['-e', "require('uWebSockets.js')"], {
      cwd: project,
      stdio: 'pipe',
    })
  } catch (error) {
    if (process.versions.node.startsWith('20.')) throw error
    return console.log('pack: the quickstart of uws IS NOT RUN, uWebSockets.js does not load here')
  }
  await run()
}

/** The quickstart must serve: a text sent into its bridge comes back as a message. */
async function talkThroughBridge(script, path, onFreePort) {
  const preload = write('preload.mjs', onFreePort)
  const child = spawn(process.execPath, ['--import', `file://${preload}`, script], {
    cwd: project,
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  const died = ended(child).then((code) => {
    throw new Error(`${script} ended with ${code} instead of serving`)
  })
  try {
    const listening = new Promise((done) => child.once('message', done))
    const port = await within(Promise.race([listening, died]), `${script} to listen`)
    const echo = exchange(`ws://127.0.0.1:${port}${path}`, 'hello from the pack check')
    const message = JSON.parse(await within(Promise.race([echo, died]), `an echo on ${path}`))
    if (!JSON.stringify(message.data).includes('hello from the pack check')) {
      throw new Error(`unexpected message: ${JSON.stringify(message)}`)
    }
  } finally {
    died.catch(() => {})
    child.kill('SIGKILL')
  }
}

/** Sends one text; answers the first frame that carries it. */
async function exchange(url, text) {
  const { WebSocket } = createRequire(join(project, 'package.json'))('ws')
  const socket = new WebSocket(url)
  try {
    return await new Promise((done, fail) => {
      socket.on('open', () => socket.send(JSON.stringify({ text })))
      socket.on('message', (frame) => String(frame).includes(text) && done(String(frame)))
      socket.on('close', (code) => fail(new Error(`${url} closed with ${code}`)))
      socket.on('error', fail)
    })
  } finally {
    socket.terminate()
  }
}

/** The first ws:// address in the README is where its quickstart can be reached. */
function readSocketPath(readme) {
  const found = /\bwss?:\/\/[^/\s'"`]+(\/[^\s'"`)]*)/.exec(readFileSync(join(root, readme), 'utf8'))
  if (!found) throw new Error(`${readme} names no ws://localhost:<port>/<path> for its quickstart`)
  return found[1]
}

async function loadReadSnippet() {
  const file = join(root, 'packages/testkit/src/snippets.ts')
  return (await runnerImport(file)).module.readSnippet
}

async function strip(code) {
  return (await transformWithOxc(code, 'quickstart.ts')).code
}

function write(name, text) {
  const file = join(project, name)
  writeFileSync(file, text)
  return file
}

function ended(child) {
  return new Promise((done, fail) => {
    child.once('error', fail)
    child.once('exit', (code, signal) => done(code ?? signal))
  })
}

async function within(promise, what) {
  let timer
  const late = new Promise((_, fail) => {
    timer = setTimeout(() => fail(new Error(`waited ${PATIENCE_MS} ms for ${what}`)), PATIENCE_MS)
  })
  return Promise.race([promise, late]).finally(() => clearTimeout(timer))
}
