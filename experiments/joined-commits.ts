/**
 * Commits that the history no longer has by themselves: their changes were joined into a later one before they were published. What was
 * recorded at such a commit says both, so that a reader finds the sources; those of the joined one may be newer. An entry goes when its
 * experiments have run again.
 */
export const joinedCommits: Readonly<Record<string, string>> = {
  "03bda24": "d135528",
  "03d2afc": "d135528",
  "8fc9290": "d135528",
  "952053b": "d135528",
  ef5f614: "d135528",
  ff03382: "d135528",
};
