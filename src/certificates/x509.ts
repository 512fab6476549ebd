/**
 * X.509 version 3 certificates (RFC 5280), encoded in DER and signed with ECDSA P-256. Only this module loads the
 * encoder of ASN.1, and only `make.ts` loads this module, when a certificate has to be made.
 */
import { createHash, createPublicKey, type KeyObject, randomBytes, sign, type X509Certificate } from "node:crypto";
import * as asn1 from "asn1js";
import { addressOctets } from "./names.ts";

/** Object identifiers by their names in RFC 5280, section 4.2, and RFC 5758, section 3.2. */
const OID = {
  commonName: "2.5.4.3",
  subjectKeyIdentifier: "2.5.29.14",
  keyUsage: "2.5.29.15",
  subjectAltName: "2.5.29.17",
  basicConstraints: "2.5.29.19",
  nameConstraints: "2.5.29.30",
  authorityKeyIdentifier: "2.5.29.35",
  extKeyUsage: "2.5.29.37",
  serverAuth: "1.3.6.1.5.5.7.3.1",
  ecdsaWithSha256: "1.2.840.10045.4.3.2",
} as const;

/** The fields of a certificate that its two kinds share. */
interface Fields {
  readonly publicKey: KeyObject;
  readonly issuer: asn1.AsnType;
  readonly subject: asn1.AsnType;
  readonly notBefore: Date;
  readonly notAfter: Date;
  readonly extensions: readonly asn1.AsnType[];
  /** The private key of the issuer. */
  readonly signer: KeyObject;
}

/** The first and the last second of a certificate's validity. */
export interface Validity {
  readonly notBefore: Date;
  readonly notAfter: Date;
}

const sequence = (...value: asn1.AsnType[]) => new asn1.Sequence({ value });
const oid = (name: keyof typeof OID) => new asn1.ObjectIdentifier({ value: OID[name] });
const octets = (valueHex: BufferSource) => new asn1.OctetString({ valueHex });
const bits = (valueHex: BufferSource, unusedBits = 0) => new asn1.BitString({ valueHex, unusedBits });

/** A context-specific tag with octets, or with the values of a constructed type. */
function tagged(tagNumber: number, content: BufferSource | asn1.AsnType[]): asn1.AsnType {
  const idBlock = { tagClass: 3, tagNumber };
  return Array.isArray(content)
    ? new asn1.Constructed({ idBlock, value: content })
    : new asn1.Primitive({ idBlock, valueHex: content });
}

function extension(name: keyof typeof OID, isCritical: boolean, value: asn1.AsnType): asn1.AsnType {
  const critical = isCritical ? [new asn1.Boolean({ value: true })] : []; // DER omits the default, false
  return sequence(oid(name), ...critical, octets(value.toBER()));
}

/** A Name with a common name alone (section 4.1.2.4). */
function nameOf(commonName: string): asn1.AsnType {
  const attribute = sequence(oid("commonName"), new asn1.Utf8String({ value: commonName }));
  return sequence(new asn1.Set({ value: [attribute] }));
}

/** UTCTime until 2049, GeneralizedTime from 2050 (section 4.1.2.5). */
function timeOf(valueDate: Date): asn1.AsnType {
  return valueDate.getUTCFullYear() < 2050 ? new asn1.UTCTime({ valueDate }) : new asn1.GeneralizedTime({ valueDate });
}

/** 16 random octets whose value is positive (section 4.1.2.2). */
function serialNumber(): asn1.AsnType {
  const valueHex = randomBytes(16);
  valueHex[0] = ((valueHex[0] ?? 0) & 0x3f) | 0x40; // neither negative nor with leading zeros
  return new asn1.Integer({ valueHex });
}

const spkiOf = (key: KeyObject) => key.export({ type: "spki", format: "der" });

/** The key identifier: the leftmost 160 bits of the SHA-256 of the public key (RFC 7093, section 2, method 1). */
function keyIdOf(publicKey: KeyObject): Uint8Array<ArrayBuffer> {
  const point = spkiOf(publicKey).subarray(-65); // a P-256 point, uncompressed, ends the SubjectPublicKeyInfo
  return Uint8Array.from(createHash("sha256").update(point).digest().subarray(0, 20));
}

function pemOf(der: ArrayBuffer): string {
  const lines =
    Buffer.from(der)
      .toString("base64")
      .match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join("\n")}\n-----END CERTIFICATE-----\n`;
}

/** The values of a DER structure. */
function valuesOf(structure: asn1.AsnType | undefined): asn1.AsnType[] {
  if (structure instanceof asn1.Constructed) return structure.valueBlock.value;
  throw new Error("not an ASN.1 structure");
}

/** The values of a certificate before its signature (TBSCertificate, section 4.1). */
function fieldsOf(certificate: X509Certificate): asn1.AsnType[] {
  const [fields] = valuesOf(asn1.fromBER(Uint8Array.from(certificate.raw)).result);
  return valuesOf(fields);
}

/** The subject of a certificate as it is encoded, which the issuer of its certificates repeats (section 4.1.2.4). */
function subjectOf(certificate: X509Certificate): asn1.AsnType {
  const subject = fieldsOf(certificate)[5]; // after version, serial number, signature, issuer and validity
  if (!subject) throw new Error("a certificate without a subject");
  return subject;
}

/** The value of an extension; undefined if the certificate does not have it. */
function extensionOf(certificate: X509Certificate, name: keyof typeof OID): asn1.AsnType | undefined {
  const [extensions] = valuesOf(fieldsOf(certificate).at(-1));
  const found = valuesOf(extensions).find((one) => {
    const [id] = valuesOf(one);
    return id instanceof asn1.ObjectIdentifier && id.getValue() === OID[name];
  });
  const value = found && valuesOf(found).at(-1);
  return value instanceof asn1.OctetString ? asn1.fromBER(value.getValue()).result : undefined;
}

/** The domains that the name constraints of an authority permit; undefined if it has none. */
export function permittedDomains(authority: X509Certificate): readonly string[] | undefined {
  const constraints = extensionOf(authority, "nameConstraints");
  if (!constraints) return undefined;
  const subtrees = valuesOf(valuesOf(constraints)[0]).flatMap((subtree) => valuesOf(subtree).slice(0, 1));
  return subtrees.flatMap((base) =>
    base instanceof asn1.Primitive && base.idBlock.tagNumber === 2
      ? [Buffer.from(base.valueBlock.valueHexView).toString("latin1")]
      : [],
  );
}

function signed({ publicKey, issuer, subject, notBefore, notAfter, extensions, signer }: Fields): string {
  const algorithm = sequence(oid("ecdsaWithSha256"));
  const tbs = sequence(
    tagged(0, [new asn1.Integer({ value: 2 })]), // version 3
    serialNumber(),
    algorithm,
    issuer,
    sequence(timeOf(notBefore), timeOf(notAfter)),
    subject,
    asn1.fromBER(Uint8Array.from(spkiOf(publicKey))).result,
    tagged(3, [sequence(...extensions)]),
  );
  const signature = sign("sha256", Buffer.from(tbs.toBER()), signer);
  return pemOf(sequence(tbs, algorithm, bits(Uint8Array.from(signature))).toBER());
}

/**
 * The certificate of an authority, signed by itself. It signs certificates only of servers (path length 0), and only for
 * the DNS names `domains` and names below them; IP addresses are not constrained.
 */
export function authorityPem(privateKey: KeyObject, domains: readonly string[], validity: Validity): string {
  const publicKey = createPublicKey(privateKey);
  const keyId = keyIdOf(publicKey);
  const subject = nameOf(`wirelab CA ${keyId.subarray(0, 4).toHex()}`);
  const subtrees = domains.map((domain) => sequence(tagged(2, Buffer.from(domain, "latin1"))));
  const extensions = [
    // Sections 4.2.1.9, 4.2.1.3 and 4.2.1.10 require these three to be critical, 4.2.1.2 the last one not to be.
    extension("basicConstraints", true, sequence(new asn1.Boolean({ value: true }), new asn1.Integer({ value: 0 }))),
    extension("keyUsage", true, bits(Uint8Array.of(0b0000_0110), 1)), // keyCertSign, cRLSign
    extension("nameConstraints", true, sequence(tagged(0, subtrees))),
    extension("subjectKeyIdentifier", false, octets(keyId)),
  ];
  return signed({ publicKey, issuer: subject, subject, extensions, signer: privateKey, ...validity });
}

/** A certificate of a server with the DNS names and IP addresses `names`, signed by `authority`. */
export function serverPem(
  authority: { readonly certificate: X509Certificate; readonly privateKey: KeyObject },
  publicKey: KeyObject,
  names: readonly string[],
  validity: Validity,
): string {
  const generalNames = names.map((name) => {
    const address = addressOctets(name);
    return address ? tagged(7, address) : tagged(2, Buffer.from(name, "latin1"));
  });
  const ofAuthority = extensionOf(authority.certificate, "subjectKeyIdentifier");
  const authorityKeyId =
    ofAuthority instanceof asn1.OctetString ? ofAuthority.getValue() : keyIdOf(authority.certificate.publicKey);
  const extensions = [
    extension("keyUsage", true, bits(Uint8Array.of(0b1000_0000), 7)), // digitalSignature; section 4.2.1.3
    extension("extKeyUsage", false, sequence(oid("serverAuth"))), // section 4.2.1.12
    extension("subjectAltName", false, sequence(...generalNames)), // not critical beside a subject; section 4.2.1.6
    extension("subjectKeyIdentifier", false, octets(keyIdOf(publicKey))),
    extension("authorityKeyIdentifier", false, sequence(tagged(0, authorityKeyId))),
  ];
  const issuer = subjectOf(authority.certificate);
  return signed({
    publicKey,
    issuer,
    subject: nameOf("wirelab"),
    extensions,
    signer: authority.privateKey,
    ...validity,
  });
}
