// npm writes a lock file without the optional packages of other platforms when the registry it asks
// does not serve them, and `npm ci` then refuses that lock (npm/cli#4828). Run after `npm install`:
//   node .ci/complete-lock.mjs
// adds an entry for each optional dependency that is pinned to one version and has none.
import { readFileSync, writeFileSync } from 'node:fs'

const OS = ['darwin', 'linux', 'win32', 'freebsd', 'openbsd', 'android', 'openharmony', 'sunos', 'aix', 'netbsd']
const CPU = ['x64', 'arm64', 'arm', 'ia32', 'ppc64', 'riscv64', 's390x', 'loong64', 'mips64el', 'wasm32']

const lock = JSON.parse(readFileSync('package-lock.json', 'utf8'))
let added = 0
for (const [path, entry] of Object.entries(lock.packages)) {
  for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
    if (resolves(path, name)) continue
    if (!/^\d/.test(version)) throw new Error(`${path} wants ${name}@${version}: not one version, add it by hand`)
    const parts = name.split(/[-/]/)
    const os = parts.filter((part) => OS.includes(part))
    const cpu = parts.filter((part) => CPU.includes(part))
    lock.packages[`node_modules/${name}`] = {
      version,
      ...(cpu.length ? { cpu } : {}),
      ...(entry.dev ? { dev: true } : {}),
      optional: true,
      ...(os.length ? { os } : {}),
    }
    added++
  }
}
const [root, ...rest] = Object.entries(lock.packages)
lock.packages = Object.fromEntries([root, ...rest.sort(([a], [b]) => (a < b ? -1 : 1))])
writeFileSync('package-lock.json', `${JSON.stringify(lock, null, 2)}\n`)
console.log(`${added} entries added`)

/** Whether `name`, wanted by the package at `path`, is found by Node's look-up from there. */
function resolves(path, name) {
  for (let at = path; ; at = at.slice(0, Math.max(0, at.lastIndexOf('/node_modules/')))) {
    if (lock.packages[`${at ? `${at}/` : ''}node_modules/${name}`]) return true
    if (!at) return false
    if (!at.includes('/node_modules/')) at = ''
    if (!at && lock.packages[`node_modules/${name}`]) return true
    if (!at) return false
  }
}
