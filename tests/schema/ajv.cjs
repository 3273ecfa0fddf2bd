// SPDX-License-Identifier: Apache-2.0
// Ajv in strict mode: node ajv.cjs NODE_MODULES < {"schema": …, "documents": [ … ]}
// Prints a list: for each document null (valid) or the paths of its errors. A schema that strict
// mode refuses ends with 1 and the reason.
const path = require("path");
const Ajv = require(path.join(process.argv[2], "ajv"));

const input = JSON.parse(require("fs").readFileSync(0, "utf8"));
const ajv = new Ajv({ strict: true, allErrors: true });
// What editors read beside the standard's words.
ajv.addVocabulary(["markdownDescription", "enumDescriptions", "patternErrorMessage", "doNotSuggest"]);
let validate;
try {
  validate = ajv.compile(input.schema);
} catch (error) {
  console.error(`strict mode: ${error.message}`);
  process.exit(1);
}
const answers = input.documents.map((document) =>
  validate(document) ? null : validate.errors.map((error) => error.instancePath));
console.log(JSON.stringify(answers));
