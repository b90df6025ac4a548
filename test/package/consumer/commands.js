/**
 * Several commands of an installed program in one process, which saves starting one for each:
 *
 *     node commands.js PROGRAM '[["replay", "run"], …]'
 *
 * Prints a JSON list of their exit codes and what they print. A command is over when the process would end with it: when nothing is
 * left to be done.
 */
import { pathToFileURL } from 'node:url'

const [program, list] = process.argv.slice(2)
const commands = JSON.parse(list)
const print = process.stdout.write.bind(process.stdout)
const ended = []
let heard = { out: '', err: '' }

process.stdout.write = text => {
  heard.out += String(text)
  return true
}
process.stderr.write = text => {
  heard.err += String(text)
  return true
}
// So that a program that fails to load is not asked again and again.
process.on('uncaughtException', error => {
  print(error.stack)
  process.exit(1)
})

const start = () => {
  process.argv = [process.argv[0], program, ...commands[ended.length]]
  process.exitCode = undefined
  heard = { out: '', err: '' }
  // Each name is a module of its own: the program begins anew. Other bundles may import it by the name without a number.
  const { href } = pathToFileURL(program)
  void import(ended.length === 0 ? href : `${href}?${ended.length}`)
}

process.on('beforeExit', () => {
  if (ended.length === commands.length) return
  ended.push({ code: process.exitCode ?? 0, ...heard })
  // An import alone does not keep a process alive on every version of Node.
  if (ended.length < commands.length) setImmediate(start)
  else {
    process.exitCode = 0
    print(JSON.stringify(ended))
  }
})
start()
