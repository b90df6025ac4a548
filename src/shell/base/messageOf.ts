/** What an error says, whatever was thrown. */
export { thrown as messageOf } from '../../core/codec/thrown.js'
