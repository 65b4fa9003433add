// Runs in Node as answer.py does in Python: answers JSON lines, and says first which package answers.
//
// `node answer.cjs ENGINE FOLDER`; the packages are those of FOLDER/node_modules. Nothing of boucle is read.
"use strict";

const fs = require("node:fs");
const path = require("node:path");
const readline = require("node:readline");

const ENTRANCES = {
  "json-logic-js": (engine) => (rule, data) => engine.apply(rule, data),
  "json-logic-engine": ({ LogicEngine }) => {
    const engine = new LogicEngine();
    return (rule, data) => engine.run(rule, data);
  },
};

const [name, folder] = process.argv.slice(2);
const home = path.resolve(folder, "node_modules", name);
const evaluate = ENTRANCES[name](require(home));
const about = JSON.parse(fs.readFileSync(path.join(home, "package.json"), "utf8"));
console.log(JSON.stringify({ distributions: [about.name], versions: [about.version] }));

readline.createInterface({ input: process.stdin }).on("line", (line) => {
  const { expressions, data } = JSON.parse(line);
  console.log(JSON.stringify(data.map((one) => expressions.map((rule) => evaluate(rule, one)))));
});
