/** The main module of a child process, which carries out one run of a comparison. */
import { methods } from '../record/Methods.js'
import { serve } from './serve.js'

serve(methods)
