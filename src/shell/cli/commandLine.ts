/** The command line `bilevel …`. Each command imports its slow modules only when it runs. */
import { messageOf } from '../base/messageOf.js'
import { Command, CommanderError } from 'commander'
import { programVersion } from '../base/package.js'
import { compareCommand } from './compare.js'
import { dataCommand } from './data.js'
import { diffCommand } from './diff.js'
import { doctorCommand } from './doctor.js'
import { end, exitCodes, type Finish, type Terminal } from './exit.js'
import { presetsCommand } from './presets.js'
import { replayCommand } from './replay.js'
import { reportCommand } from './report.js'
import { resumeCommand } from './resume.js'
import { setupNativeCommand } from './setupNative.js'
import { tuneCommand } from './tune.js'

const help = `
Examples:
  $ bilevel tune                            tune a network on 1,000 MNIST images
  $ bilevel tune my-network.json --seed 3   tune the task of a configuration
  $ bilevel resume runs/mnist-mlp-1k-0      resume a run that was stopped
  $ bilevel compare --preset mnist-mlp-1k   compare methods on one task
  $ bilevel replay runs/mnist-mlp-1k-0      check a recorded run
  $ bilevel report runs                     draw figures and tables of runs
  $ bilevel doctor                          check what works on this machine

Exit codes: 0 done; 1 a recorded run does not replay as logged, two runs differ,
a run ended without a result, or some runs of a comparison failed; 2 bad input,
or the environment failed (network, disk, backend); 130 stopped; 141 the reader
of stdout went away.`

const program = (terminal: Terminal, finish: Finish): Command => {
  const root = new Command('bilevel')
    .description("Tunes a network's continuous hyperparameters by gradient, as a bilevel problem.")
    .version(programVersion(), '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print help')
    .addHelpText('after', help)
  const commands = [
    tuneCommand(finish),
    resumeCommand(finish),
    compareCommand(finish),
    replayCommand(finish),
    diffCommand(finish),
    reportCommand(finish),
    presetsCommand(finish),
    dataCommand(finish),
    doctorCommand(finish),
    setupNativeCommand(finish),
  ]
  for (const command of commands) root.addCommand(command)
  const settle = (command: Command): void => {
    command
      .exitOverride()
      .configureOutput({ writeOut: terminal.out, writeErr: terminal.err })
      .showHelpAfterError(
        `(bilevel ${command === root ? '' : `${pathOf(command)} `}--help shows all commands and options)`,
      )
    for (const inner of command.commands) settle(inner)
  }
  settle(root)
  return root
}

const pathOf = (command: Command): string =>
  command.parent === null || command.parent.parent === null
    ? command.name()
    : `${pathOf(command.parent)} ${command.name()}`

/** Runs one command line (without the program's own name) and returns its exit code. Never fails. */
export const commandLine =
  (terminal: Terminal) =>
  async (argv: ReadonlyArray<string>): Promise<number> => {
    let code = 0
    const root = program(terminal, result => {
      code = end(terminal)(result)
    })
    try {
      await root.parseAsync([...argv], { from: 'user' })
      return code
    } catch (error) {
      // commander throws its own errors: help and version have code 0, all others mean an unusable command line.
      if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : exitCodes.BadInput
      const message = messageOf(error)
      terminal.err(
        `bilevel: Something failed that should not have (${message.split('\n')[0] ?? ''}). This is a bug of the ` +
          'program; please report it with the command line. Set BILEVEL_DEBUG=1 to print a stack trace.\n',
      )
      if (process.env['BILEVEL_DEBUG'] === '1' && error instanceof Error)
        terminal.err(`${error.stack ?? ''}\n`)
      return exitCodes.Environment
    }
  }
