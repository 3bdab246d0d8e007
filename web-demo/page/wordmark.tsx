export function Wordmark() {
  return (
    <a className="wordmark" href="/">
      <img src="/icon.svg" alt="" width="28" height="28" />
      Rollcall
    </a>
  );
}
