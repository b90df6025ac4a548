/** Laws of φ̂'s state: equal samples give equal states, and a state is plain JSON. */
import * as E from 'fp-ts/lib/Either.js'
import { every, tested, unless } from '../Law.js'
import { given, type SurrogateLaw } from './looking.js'

export const surrogateDeterministic: SurrogateLaw = {
  name: 'surrogate is deterministic',
  meaning:
    'Equal samples give equal states, byte for byte, and no argument is changed, whether it is frozen or not.',
  source: 'core/protocol/Method.ts',
  check: ({ learnt, again, samples }) => {
    const before = JSON.stringify(samples)
    return given(learnt(), phi => {
      const text = phi.text()
      return given(again(), second =>
        every([
          unless(text === second.text(), () => 'the same samples give a different state the second time'),
          unless(text === phi.text(), () => 'a state changed after it had been returned'),
          unless(before === JSON.stringify(samples), () => 'a sample was changed'),
        ]),
      )
    })
  },
}

export const surrogateSurvivesJson: SurrogateLaw = {
  name: 'surrogate survives JSON',
  meaning:
    'A state that is written as JSON and read by its codec is the same, predicts the same, and learns the same.',
  source: 'core/protocol/Method.ts: a state survives a JSON round trip',
  check: ({ learnt, extra, query }) =>
    given(learnt(), phi => {
      const revived = phi.revived()
      if (E.isLeft(revived)) return E.left(`the state does not decode: ${revived.left}`)
      const [one, two] = [phi.observe([extra]), revived.right.observe([extra])]
      const predicted = (learning: typeof one): string =>
        E.isLeft(learning) ? learning.left.message : JSON.stringify(learning.right.predict(query))
      return every([
        unless(revived.right.text() === phi.text(), () => 'the state differs afterwards'),
        unless(
          predicted(one) === predicted(two),
          () => `after one more sample it predicts ${predicted(one)}, revived ${predicted(two)}`,
        ),
        tested,
      ])
    }),
}
