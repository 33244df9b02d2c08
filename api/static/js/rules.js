// The form's arithmetic while a person types. It only says what does not fit; it never fills anything in.

// {rule, state: "holds" | "broken" | "open", left, right}: left is what is written, right what it should be.
export function check(rule, values, label) {
  const known = (n) => typeof values[n] === "number";
  if (rule.kind === "sum") {
    if (![rule.total, ...rule.parts].every(known)) return { rule, state: "open", left: label(rule.total), right: "" };
    const sum = rule.parts.reduce((s, p) => s + values[p], 0), equal = sum === values[rule.total];
    const terms = rule.parts.length > 6 ? `${values[rule.parts[0]]} + … + ${values[rule.parts.at(-1)]}` : rule.parts.map((p) => values[p]).join(" + ");
    return { rule, state: equal ? "holds" : "broken", left: `${label(rule.total)} ${values[rule.total]}`, right: rule.parts.length > 1 ? `${terms} = ${sum}` : `${sum} (${label(rule.parts[0])})` };
  }
  const bound = typeof rule.bound === "number" ? rule.bound : values[rule.bound];
  if (!known(rule.total) || typeof bound !== "number") return { rule, state: "open", left: label(rule.total), right: "" };
  const what = typeof rule.bound === "number" ? "" : ` (${label(rule.bound)})`;
  return { rule, state: values[rule.total] <= bound ? "holds" : "broken", left: `${label(rule.total)} ${values[rule.total]}`, right: `${bound}${what}` };
}

export const numbersOf = (rule) => (rule.kind === "sum" ? [rule.total, ...rule.parts] : typeof rule.bound === "string" ? [rule.total, rule.bound] : [rule.total]);
