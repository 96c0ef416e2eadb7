/** What chance in tests comes from: the same commit gets the same verdict. OPENASSIST_TEST_SEED looks elsewhere. */
export const TEST_SEED = Number(process.env['OPENASSIST_TEST_SEED'] ?? 20_261_124)
