import { flag, type Option, type Options, text, texts } from '../../command-line/options.js'
import type { HelpTable } from '../../command-line/subcommand.js'
import { CONFIG_FILE, SETTINGS } from '../config.js'
import type { Setting } from '../config/setting.js'

// The options of `serve`, made from the settings. The variables are read by readConfig, which names them in its
// messages, so here they are only told.

const settings = Object.entries(SETTINGS) as readonly (readonly [string, Setting<unknown>])[]

const told = ({ about, defaultText }: Setting<unknown>, env?: string): string => {
  const notes = [defaultText === '' ? '' : `default ${defaultText}`, env === undefined ? '' : `or ${env}`]
  const shown = notes.filter((note) => note !== '')
  return shown.length === 0 ? about : `${about} (${shown.join('; ')})`
}

const optionOf = (setting: Setting<unknown>): Option => {
  const { kind, group, value } = setting
  const about = told(setting, setting.env)
  if (kind === 'flag') return flag(about, { group })
  return kind === 'texts' ? texts(about, { group, value }) : text(about, { group, value })
}

export const settingOptions = (): Options => ({
  [CONFIG_FILE.flag]: text(`${CONFIG_FILE.about} (or ${CONFIG_FILE.env})`, { value: CONFIG_FILE.value }),
  ...Object.fromEntries(
    settings.flatMap(([, setting]) => (setting.flag === undefined ? [] : [[setting.flag, optionOf(setting)]])),
  ),
})

/** Settings that no option gives. */
export const otherSettings = (): HelpTable => ({
  title: 'Settings of the environment and the config file only',
  rows: settings
    .filter(([, setting]) => setting.flag === undefined)
    .map(([name, setting]) => ({
      left: setting.env ?? name,
      right: told(setting),
    })),
})
