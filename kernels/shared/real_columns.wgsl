// 1 for the real columns of a row, 0 for the padding from params.width on.
fn real_columns(column4: u32) -> vec4f {
  return select(vec4f(0.0), vec4f(1.0), 4u * column4 + vec4u(0u, 1u, 2u, 3u) < vec4u(params.width));
}
