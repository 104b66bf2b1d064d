// Compiles the contracts beside this file into compiled.json. Run it where the two packages are installed:
//   npm install solc@0.8.37 @openzeppelin/contracts@5.7.0 && node compile.mjs
import { readFileSync, writeFileSync } from "node:fs";
import { createHash } from "node:crypto";
import { createRequire } from "node:module";

const require = createRequire(process.cwd() + "/");
const solc = require("solc");
const here = (name) => new URL(name, import.meta.url);
const names = ["PlainToken", "UsdtLike"];

const input = {
  language: "Solidity",
  sources: Object.fromEntries(
    names.map((name) => [`${name}.sol`, { content: readFileSync(here(`${name}.sol`), "utf8") }]),
  ),
  settings: {
    evmVersion: "paris",
    metadata: { appendCBOR: false },
    optimizer: { enabled: true, runs: 200 },
    outputSelection: { "*": { "*": ["evm.deployedBytecode.object", "storageLayout"] } },
  },
};
const findImport = (path) => ({ contents: readFileSync(require.resolve(path), "utf8") });
const output = JSON.parse(solc.compile(JSON.stringify(input), { import: findImport }));
const failed = (output.errors ?? []).filter((error) => error.severity === "error");
if (failed.length) throw new Error(failed.map((error) => error.formattedMessage).join("\n"));

const slot = (contract, label) => Number(contract.storageLayout.storage.find((one) => one.label === label).slot);
const compiled = Object.fromEntries(
  names.map((name) => {
    const contract = output.contracts[`${name}.sol`][name];
    const balances = name === "PlainToken" ? "_balances" : "balanceOf";
    return [
      name,
      {
        source_sha256: createHash("sha256").update(readFileSync(here(`${name}.sol`))).digest("hex"),
        balances_slot: slot(contract, balances),
        reverting_slot: slot(contract, "isReverting"),
        runtime_bytecode: "0x" + contract.evm.deployedBytecode.object,
      },
    ];
  }),
);
const versions = { compiler: solc.version(), openzeppelin: require("@openzeppelin/contracts/package.json").version };
writeFileSync(here("compiled.json"), JSON.stringify({ ...versions, contracts: compiled }, null, 2) + "\n");
