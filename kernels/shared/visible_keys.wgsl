// Which keys a query sees: those of its prompt up to itself, and with a window (params.window, 0: none) only the last
// of them. A query i and a key j see each other where first_key(i) <= j <= i, which is j <= i <= last_query(j).
fn first_key(query: u32) -> u32 {
  if (params.window == 0u || query < params.window) { return 0u; }
  return query + 1u - params.window;
}

fn last_query(key: u32) -> u32 {
  if (params.window == 0u || params.window > params.sequence - key) { return params.sequence - 1u; }
  return key + params.window - 1u;
}
