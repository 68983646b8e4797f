// The ports of a token: the queries of all heads, then params.kv_ports keys, then as many values. A query head reads
// one key and one value port. Heads that share a port follow each other, and as many share one as another.
fn ports_of_token() -> u32 {
  return params.heads + 2u * params.kv_ports;
}

fn key_port(head: u32) -> u32 {
  return params.heads + head * params.kv_ports / params.heads;
}

fn value_port(head: u32) -> u32 {
  return params.heads + params.kv_ports + head * params.kv_ports / params.heads;
}
