// The line that starts a script (api.md §4.1). Pure.
//
// A line is split into words as a shell does: blanks part them, '…' and "…" hold them together, \ takes the next
// character as it is. Nothing is expanded and nothing is piped: the first word is the program, started without a shell.
// One of the words holds {{ACS::ScriptFileName}}, or {{ACS::ScriptFileName|Ext(".py")}} for a script whose name ends so.
import { Fault } from '../faults.js'

/** What starts a script. */
export interface Launch {
  /** Program and arguments; `SCRIPT_FILE` in them stands for the path of the script. */
  readonly words: readonly string[]
  /** What the name of the script ends with, such as `.py`; '' for whatever the agent takes. */
  readonly extension: string
}

/** Stands for the path of the script. */
export const SCRIPT_FILE = '{{ACS::ScriptFileName}}'

// Quotes around the extension may be there or not, and may be escaped, as the placeholder may stand within quotes.
const PLACEHOLDER = /\{\{\s*ACS::ScriptFileName\s*(?:\|\s*Ext\(\s*(\\?["']|)([^"'\\()]*)\1\s*\)\s*)?\}\}/y
/** Part of a file name: no folder, no blank, nothing that a shell reads. */
const EXTENSION = /^[A-Za-z0-9._-]{1,64}$/
const BUILT_IN = /\{\{\s*ACS::/iy
const BLANK = /\s/

/** Reads a launcher; undefined for none. Fault: `command/launcher-malformed`. */
export const parseLauncher = (line: string): Launch | undefined => (line === '' ? undefined : new Reader(line).read())

class Reader {
  readonly #line: string
  readonly #words: string[] = []
  #at = 0
  /** Undefined between words; '' for a word that began with empty quotes. */
  #word: string | undefined
  #quote = ''
  #extension: string | undefined
  #namesScript = false

  constructor(line: string) {
    this.#line = line
  }

  read(): Launch {
    while (this.#at < this.#line.length) this.#step(this.#line.charAt(this.#at))
    if (this.#quote !== '') throw malformed()
    this.#endWord()
    if (!this.#namesScript || this.#words[0] === '') throw malformed()
    return { words: this.#words, extension: this.#extension ?? '' }
  }

  #step(character: string): void {
    if (character === '{' && this.#takePlaceholder()) return
    this.#at += 1
    if (this.#quote !== '') {
      if (character === this.#quote) this.#quote = ''
      else if (this.#quote === '"' && character === '\\' && /["\\$`]/.test(this.#line.charAt(this.#at))) this.#next()
      else this.#add(character)
    } else if (character === '"' || character === "'") {
      this.#quote = character
      this.#add('')
    } else if (character === '\\') this.#next()
    else if (BLANK.test(character)) this.#endWord()
    else this.#add(character)
  }

  #takePlaceholder(): boolean {
    PLACEHOLDER.lastIndex = this.#at
    const found = PLACEHOLDER.exec(this.#line)
    if (found === null) {
      BUILT_IN.lastIndex = this.#at
      if (BUILT_IN.test(this.#line)) throw malformed()
      return false
    }
    const extension = found[2]
    if (extension !== undefined && !EXTENSION.test(extension)) throw malformed()
    if (this.#namesScript && extension !== this.#extension) throw malformed()
    this.#extension = extension
    this.#namesScript = true
    this.#add(SCRIPT_FILE)
    this.#at += found[0].length
    return true
  }

  #next(): void {
    if (this.#at >= this.#line.length) throw malformed()
    this.#add(this.#line.charAt(this.#at))
    this.#at += 1
  }

  #add(text: string): void {
    this.#word = (this.#word ?? '') + text
  }

  #endWord(): void {
    if (this.#word !== undefined) this.#words.push(this.#word)
    this.#word = undefined
  }
}

const malformed = (): Fault => new Fault('command/launcher-malformed')
