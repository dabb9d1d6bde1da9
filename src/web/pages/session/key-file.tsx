interface KeyFileProps {
  readonly onFile: (file: File | undefined) => void
}

/** Selects the file with a person's private key. */
export const KeyFile = ({ onFile }: KeyFileProps) => (
  <label className="field">
    Your private key
    <input
      type="file"
      required
      accept=".asc,.pgp,.gpg,.key"
      onChange={({ target }) => onFile(target.files?.[0])}
    />
  </label>
)
