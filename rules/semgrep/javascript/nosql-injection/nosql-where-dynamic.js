function allocations(db, threshold) {
  // ruleid: javascript-nosql-where-dynamic
  const above = db.collection("allocations").find({ $where: `this.stocks > '${threshold}'` });
  // ok: javascript-nosql-where-dynamic
  const number = db.collection("allocations").find({ $where: `this.stocks > ${Number(threshold)}` });
  // ok: javascript-nosql-where-dynamic
  const compared = db.collection("allocations").find({ stocks: { $gt: threshold } });
  return [above, number, compared];
}

module.exports = { allocations };
