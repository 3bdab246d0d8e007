import { makeAuthjsSubjects } from "./authjs.ts";
import type { Subject } from "./attack.ts";
import { makeBetterAuthSubjects } from "./better-auth.ts";
import { makeDbauthSubject } from "./dbauth.ts";
import { makeIntrospectionSubject } from "./introspection.ts";
import { makeJwtSubjects } from "./jwt.ts";
import { makeKvSubject } from "./kv.ts";
import { makeLaravelSubject } from "./laravel.ts";
import { makeRailsSubject } from "./rails.ts";
import { makeDjangoSubject, makeIronSessionSubject, makeSignedCookieSubjects } from "./signed.ts";
import { makeSupabaseSubject } from "./supabase.ts";

/** One subject for each format and its relevant configurations. */
export async function makeSubjects(): Promise<Subject[]> {
  return [
    ...(await makeJwtSubjects()),
    ...makeAuthjsSubjects(),
    makeSupabaseSubject(),
    makeRailsSubject(),
    makeDbauthSubject(),
    ...makeBetterAuthSubjects(),
    makeIronSessionSubject(),
    ...makeSignedCookieSubjects(),
    makeDjangoSubject(),
    makeLaravelSubject(),
    makeIntrospectionSubject(),
    makeKvSubject(),
  ];
}
