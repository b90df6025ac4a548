/** The text of `bilevel tune --dry-run`. */
import type { DryRun } from '../run/DryRun.js'
import { decayText } from '../base/WeightDecays.js'
import { wrapped } from '../run/wrapped.js'

const number = (value: number): string => value.toLocaleString('en-US')

const figure = (value: number): string => String(Number(value.toPrecision(5)))

/** A time that an estimate can state: 0.4 s, 12 s, 5 min, 3.2 h. */
export const duration = (seconds: number): string =>
  seconds < 10
    ? `${Number(seconds.toPrecision(2))} s`
    : seconds < 120
      ? `${Math.round(seconds)} s`
      : seconds < 7200
        ? `${Math.round(seconds / 60)} min`
        : `${(seconds / 3600).toFixed(1)} h`

const mostListed = 8

/** Numbers of images of each class; many classes as their range. */
const countsText = (counts: ReadonlyArray<number>): string =>
  counts.length <= 12
    ? counts.map(number).join(' ')
    : `${number(counts.length)} classes, ${number(Math.min(...counts))} to ${number(Math.max(...counts))} images of each`

const timeText = ({ secondsOfEpoch, mostEpochs }: DryRun['time']): string =>
  mostEpochs === null
    ? `An epoch takes ${duration(secondsOfEpoch)} in one thread; how many there are is up to the method.`
    : `At most ${duration(mostEpochs * secondsOfEpoch)} in one thread: at most ${number(Math.ceil(mostEpochs))} epochs, and a ` +
      `short training took ${duration(secondsOfEpoch)} for each. A run with more threads, or whose trainings converge, ends sooner.`

/** What a dry run found, for a person. */
export const dryRunText = ({
  source,
  sets,
  shape,
  scale,
  standardised,
  network,
  space,
  weightDecay,
  method,
  backend,
  time,
  remarks,
}: DryRun): string => {
  const width = 16
  const line = (head: string, text: string): string => {
    const [first = '', ...rest] = wrapped(text, 80 - width).split('\n')
    return [`${head.padEnd(width)}${first}`, ...rest.map(more => `${' '.repeat(width)}${more}`)].join('\n')
  }
  const decayRange = (name: string): string => {
    const decays = weightDecay.get(name)
    return decays === undefined ? '' : ` (weight decay ${decayText(decays[0])} to ${decayText(decays[1])})`
  }
  const names = space
    .slice(0, mostListed)
    .map(({ name, lower, upper }) => `${name} in [${figure(lower)}, ${figure(upper)}]${decayRange(name)}`)
  return [
    wrapped(
      `A dry run of ${source}: every section can be used. Data was loaded, nothing was tuned, and no run folder was made.`,
    ),
    '',
    ...sets.map(({ name, images }) => line(`${name} set`, `${number(images)} images`)),
    line('images', `${shape.join('×')} (height×width×channels), every pixel divided by ${figure(scale)}`),
    ...sets.map(({ name, range }, i) =>
      line(
        i === 0 ? 'pixels' : '',
        `${name}: ${figure(range[0] * scale)}…${figure(range[1] * scale)} in the files`,
      ),
    ),
    ...(standardised === null ? [] : [line('', `then ${standardised}`)]),
    ...sets.map(({ name, counts }, i) => line(i === 0 ? 'classes' : '', `${name}: ${countsText(counts)}`)),
    line('network', `${network.name}, ${number(network.weights)} weights`),
    line('λ', `${number(space.length)}: ${names.join(', ')}${space.length > mostListed ? ', …' : ''}`),
    line('method', method),
    line('backend', backend),
    line('time', timeText(time)),
    ...(remarks.length === 0
      ? [line('to look at', 'nothing looks wrong')]
      : remarks.map((remark, i) => line(i === 0 ? 'to look at' : '', remark))),
  ].join('\n')
}
