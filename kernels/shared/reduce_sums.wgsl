// Sums over a row that have the same bits for every size of the workgroup.
//
// Element c of a row belongs to leaf c mod LEAVES. A leaf adds up its elements in ascending order. A tree of a fixed
// shape then adds up the leaves: i and i + LEAVES / 2, then i and i + LEAVES / 4, and so on. Invocation `lane` has the
// leaves lane, lane + WORKGROUP, lane + 2 WORKGROUP ... An addition whose two leaves belong to one invocation needs no
// barrier.
//
// WORKGROUP is a power of two; beyond LEAVES it only adds idle invocations. Who includes this file names the type of a
// leaf (`alias Leaf`), the number of leaves (LEAVES, a power of two) and the number of sums side by side (PARTS).
var<workgroup> leaves: array<Leaf, PARTS * LEAVES>;

// Adds up the leaves of every part. The total of part p is then in leaves[p * LEAVES].
fn add_leaves(lane: u32) {
  for (var half = LEAVES / 2u; half > 0u; half /= 2u) {
    if (half < WORKGROUP) { workgroupBarrier(); }
    for (var i = lane; i < half; i += WORKGROUP) {
      for (var part = 0u; part < PARTS; part++) { leaves[part * LEAVES + i] += leaves[part * LEAVES + i + half]; }
    }
  }
  workgroupBarrier();
}
