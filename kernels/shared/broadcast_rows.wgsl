// Eight rows of a product at once. Invocation i of a subgroup holds the elements of row i % 8 in `v`; all use all
// eight. Written out, because the lane of a broadcast must be a constant.
//#include multiply_add
fn add_rows(sums: ptr<function, array<vec4f, 8>>, v: vec4f, w0: vec4f, w1: vec4f, w2: vec4f, w3: vec4f) {
  (*sums)[0] = multiply_add((*sums)[0], subgroupBroadcast(v, 0u), w0, w1, w2, w3);
  (*sums)[1] = multiply_add((*sums)[1], subgroupBroadcast(v, 1u), w0, w1, w2, w3);
  (*sums)[2] = multiply_add((*sums)[2], subgroupBroadcast(v, 2u), w0, w1, w2, w3);
  (*sums)[3] = multiply_add((*sums)[3], subgroupBroadcast(v, 3u), w0, w1, w2, w3);
  (*sums)[4] = multiply_add((*sums)[4], subgroupBroadcast(v, 4u), w0, w1, w2, w3);
  (*sums)[5] = multiply_add((*sums)[5], subgroupBroadcast(v, 5u), w0, w1, w2, w3);
  (*sums)[6] = multiply_add((*sums)[6], subgroupBroadcast(v, 6u), w0, w1, w2, w3);
  (*sums)[7] = multiply_add((*sums)[7], subgroupBroadcast(v, 7u), w0, w1, w2, w3);
}
