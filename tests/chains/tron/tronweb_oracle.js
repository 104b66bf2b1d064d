// Builds and signs transfers with tronweb, without a network: cases come as JSON on stdin, answers go to stdout.
globalThis.self = globalThis; // the bundle is made for browsers
const { TronWeb } = require(process.argv[2]);

async function answer(tronWeb, each) {
  const blockHeader = {
    ref_block_bytes: each.ref_block_bytes,
    ref_block_hash: each.ref_block_hash,
    expiration: each.expiration,
    timestamp: each.timestamp,
  };
  const builder = tronWeb.transactionBuilder;
  let tx;
  if (each.contract) {
    const parameters = [
      { type: "address", value: each.to },
      { type: "uint256", value: each.units },
    ];
    const options = { feeLimit: each.fee_limit, txLocal: true, blockHeader };
    const made = await builder.triggerSmartContract(
      each.contract, "transfer(address,uint256)", options, parameters, each.owner);
    tx = made.transaction;
  } else {
    tx = await builder.sendTrx(each.to, Number(each.units), each.owner, { blockHeader });
  }
  if (each.memo) tx = await builder.addUpdateData(tx, each.memo, "utf8", { txLocal: true });
  const signed = await tronWeb.trx.sign(tx, each.key);
  return { raw: tx.raw_data_hex, txid: tx.txID, signature: signed.signature[0] };
}

async function main() {
  const cases = JSON.parse(require("fs").readFileSync(0, "utf8"));
  const tronWeb = new TronWeb({ fullHost: "http://127.0.0.1:1" });
  const answers = [];
  for (const each of cases) answers.push(await answer(tronWeb, each));
  process.stdout.write(JSON.stringify(answers));
}

main().catch((error) => { console.error(error); process.exit(1); });
