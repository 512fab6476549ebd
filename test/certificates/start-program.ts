/** Starts on a folder as a lab does and prints the certificate: bun start-program.ts FOLDER NAME... */
import { keepCertificates } from "../../src/certificates/keep.ts";
import { logOfTest } from "./support.ts";

const [folder, ...names] = process.argv.slice(2);
using source = await keepCertificates(folder, { names, log: logOfTest().log });
process.stdout.write(source.current.cert);
