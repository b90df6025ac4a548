/** Codecs of configurations: what is missing gets its default, what is unknown is refused by name. */
import { pipe } from 'fp-ts/lib/function.js'
import * as E from 'fp-ts/lib/Either.js'
import * as t from 'io-ts'

const leftOut = (known: ReadonlyArray<string>): t.Type<unknown> =>
  new t.Type<unknown>(
    `left out (the fields here are ${known.join(', ')})`,
    (u): u is unknown => u === undefined,
    (u, context) => (u === undefined ? t.success(u) : t.failure(u, context)),
    t.identity,
  )

/** An object of exactly these fields, each of which may be missing where `defaults` has it. */
export const withDefaults = <P extends t.Props>(
  name: string,
  props: P,
  defaults: Readonly<Partial<t.TypeOfProps<P>>>,
): t.Type<Readonly<t.TypeOfProps<P>>, unknown> => {
  const fields = t.type(props)
  const known = Object.keys(props)
  return new t.Type<Readonly<t.TypeOfProps<P>>, unknown>(
    name,
    (u): u is Readonly<t.TypeOfProps<P>> => fields.is(u),
    (u, context) =>
      pipe(
        t.UnknownRecord.validate(u, context),
        E.chain(record => {
          const stranger = Object.keys(record).find(key => !known.includes(key))
          return stranger === undefined
            ? fields.validate({ ...defaults, ...record }, context)
            : t.failure(
                record[stranger],
                t.appendContext(context, stranger, leftOut(known), record[stranger]),
              )
        }),
      ),
    a => fields.encode(a),
  )
}
