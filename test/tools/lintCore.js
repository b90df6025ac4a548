/** A rule for the linter: the core is total and synchronous. */
const total = {
  create: context => ({
    ThrowStatement: node => context.report({ node, message: 'The core is total: return an Either.' }),
    AwaitExpression: node => context.report({ node, message: 'The core is synchronous.' }),
  }),
}

export default { meta: { name: 'core' }, rules: { total } }
