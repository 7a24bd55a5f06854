/**
 * The part of the ONNX schema that Espalier interprets, as our own table of field numbers and types. Fields that are
 * not listed (training info, device configurations, …) are kept as bytes by wire.ts and written again.
 */

export interface WireField<T extends string = string, R extends boolean = boolean> {
  readonly no: number;
  /** A scalar type of protobuf or the name of a message. Enums are int32. */
  readonly type: T;
  readonly repeated: R;
}
const one = <T extends string>(no: number, type: T): WireField<T, false> => ({ no, type, repeated: false });
const list = <T extends string>(no: number, type: T): WireField<T, true> => ({ no, type, repeated: true });

export const schema = {
  ModelProto: {
    ir_version: one(1, "int64"),
    producer_name: one(2, "string"),
    producer_version: one(3, "string"),
    domain: one(4, "string"),
    model_version: one(5, "int64"),
    doc_string: one(6, "string"),
    graph: one(7, "GraphProto"),
    opset_import: list(8, "OperatorSetIdProto"),
    metadata_props: list(14, "StringStringEntryProto"),
    /** Messages of type FunctionProto, decoded one by one: what nobody calls is written back unchanged. */
    functions: list(25, "bytes"),
  },
  FunctionProto: {
    name: one(1, "string"),
    input: list(4, "string"),
    output: list(5, "string"),
    /** Names of attributes without a default. */
    attribute: list(6, "string"),
    node: list(7, "NodeProto"),
    opset_import: list(9, "OperatorSetIdProto"),
    domain: one(10, "string"),
    /** Messages of type AttributeProto: attributes with a default. */
    attribute_proto: list(11, "bytes"),
    overload: one(13, "string"),
  },
  OperatorSetIdProto: { domain: one(1, "string"), version: one(2, "int64") },
  StringStringEntryProto: { key: one(1, "string"), value: one(2, "string") },
  GraphProto: {
    node: list(1, "NodeProto"),
    name: one(2, "string"),
    initializer: list(5, "TensorProto"),
    sparse_initializer: list(15, "bytes"),
    doc_string: one(10, "string"),
    input: list(11, "ValueInfoProto"),
    output: list(12, "ValueInfoProto"),
    value_info: list(13, "ValueInfoProto"),
  },
  NodeProto: {
    input: list(1, "string"),
    output: list(2, "string"),
    name: one(3, "string"),
    op_type: one(4, "string"),
    domain: one(7, "string"),
    doc_string: one(6, "string"),
    /** Messages of type AttributeProto, decoded one by one: those that nobody interprets are written back unchanged. */
    attribute: list(5, "bytes"),
  },
  /** What of a NodeProto is among the fields that are kept as bytes: its metadata, and which of several functions of one name it calls. */
  NodeNotes: { metadata_props: list(9, "StringStringEntryProto"), overload: one(8, "string") },
  AttributeProto: {
    name: one(1, "string"),
    ref_attr_name: one(21, "string"),
    type: one(20, "int32"),
    f: one(2, "float"),
    i: one(3, "int64"),
    s: one(4, "bytes"),
    t: one(5, "TensorProto"),
    g: one(6, "GraphProto"),
    floats: list(7, "float"),
    ints: list(8, "int64"),
    strings: list(9, "bytes"),
    graphs: list(11, "GraphProto"),
  },
  TensorProto: {
    dims: list(1, "int64"),
    data_type: one(2, "int32"),
    segment: one(3, "bytes"),
    float_data: list(4, "float"),
    int32_data: list(5, "int32"),
    string_data: list(6, "bytes"),
    int64_data: list(7, "int64"),
    name: one(8, "string"),
    raw_data: one(9, "bytes"),
    double_data: list(10, "double"),
    uint64_data: list(11, "uint64"),
    doc_string: one(12, "string"),
    external_data: list(13, "StringStringEntryProto"),
    data_location: one(14, "int32"),
  },
  ValueInfoProto: {
    name: one(1, "string"),
    type: one(2, "TypeProto"),
    doc_string: one(3, "string"),
    metadata_props: list(4, "StringStringEntryProto"),
  },
  TypeProto: { tensor_type: one(1, "TensorTypeProto"), denotation: one(6, "string") },
  TensorTypeProto: { elem_type: one(1, "int32"), shape: one(2, "TensorShapeProto") },
  TensorShapeProto: { dim: list(1, "DimensionProto") },
  DimensionProto: { dim_value: one(1, "int64"), dim_param: one(2, "string"), denotation: one(3, "string") },
} as const;

type Schema = typeof schema;
export type MessageName = keyof Schema;
interface Scalars {
  int32: number;
  int64: bigint;
  uint64: bigint;
  float: number;
  double: number;
  string: string;
  bytes: Uint8Array;
}
export type Scalar = keyof Scalars;
type Element<T> = T extends Scalar ? Scalars[T] : T extends MessageName ? WireMessage<T> : never;
type FieldValue<F> = F extends WireField<infer T, infer R> ? (R extends true ? Element<T>[] : Element<T>) : never;

/** A decoded message: its listed fields as ONNX spells them, and the bytes (with tags) of all others. */
export type WireMessage<K extends MessageName> = {
  -readonly [F in keyof Schema[K]]?: FieldValue<Schema[K][F]>;
} & {
  unknown?: Uint8Array[];
};

/** AttributeProto.AttributeType. */
export const attributeTypes = { float: 1, int: 2, string: 3, tensor: 4, floats: 6, ints: 7, strings: 8 } as const;
