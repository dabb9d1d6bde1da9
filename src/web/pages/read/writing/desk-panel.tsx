import { useCallback, useEffect, useRef, useState } from 'react'
import { Tab, TabList, TabPanel, Tabs } from 'react-aria-components'
import type { CaseView } from '../../../../protocol/http/cases.js'
import type { ReportDocument, ReportStatus } from '../../../../protocol/report.js'
import { forgetDraft, keepDraft, readDraft } from '../../session/drafts.js'
import type { Session } from '../../session/session.js'
import { clockTime } from '../../session/time-left.js'
import { useKeys } from '../../session/use-keys.js'
import type { OpenedDocument } from '../opening.js'
import { CriticalResults } from './critical-results.js'
import { EarlierReports } from './earlier-reports.js'
import { Papers } from './papers.js'
import { ReportEditor } from './report-editor.js'
import { emptyDraft, parseDraft, writtenSections } from './report-state.js'
import type { Draft } from './report-state.js'

/** After this time without typing, the draft is sealed and kept. */
const KEEP_MS = 1_500

interface DeskPanelProps {
  readonly session: Session
  readonly of: CaseView
  readonly documents: readonly OpenedDocument[]
  readonly onSent: (status: ReportStatus) => void
}

/** Beside the images: the report, documents, earlier reports, critical results. */
export function DeskPanel({ session, of, documents, onSent }: DeskPanelProps) {
  const [tab, setTab] = useState('report')
  const box = useRef<HTMLElement>(null)
  const { draft, setDraft, savedText, forget } = useDraft(session, of)
  useKeys({
    e: () => {
      setTab('report')
      requestAnimationFrame(() => box.current?.querySelectorAll('textarea')[3]?.focus())
    },
    d: () => setTab('papers'),
    o: () => setTab('earlier'),
    c: () => setTab('critical'),
  })
  const copy = (sections: ReportDocument['sections']) => {
    setDraft({ ...draft, sections: { ...draft.sections, ...sections } })
    setTab('report')
  }
  return (
    <aside
      ref={box}
      className="panel"
      aria-label="Report and documents"
      data-own-keys
      onKeyDown={({ key }) => {
        const { activeElement } = document
        if (key === 'Escape' && activeElement instanceof HTMLElement) activeElement.blur()
      }}
    >
      <Tabs selectedKey={tab} onSelectionChange={(key) => setTab(String(key))}>
        <Headings documents={documents.length} />
        <TabPanel id="report">
          <ReportEditor
            {...{ session, of, draft, savedText }}
            onDraft={setDraft}
            onSent={(status) => {
              forget()
              onSent(status)
            }}
          />
        </TabPanel>
        <TabPanel id="papers">
          <Papers documents={documents} />
        </TabPanel>
        <TabPanel id="earlier">
          <EarlierReports {...{ session, of }} onCopy={copy} />
        </TabPanel>
        <TabPanel id="critical">
          <CriticalResults {...{ session, of }} />
        </TabPanel>
      </Tabs>
    </aside>
  )
}

function Headings({ documents }: { readonly documents: number }) {
  return (
    <TabList aria-label="Beside the images">
      <Tab id="report">
        Report <kbd>e</kbd>
      </Tab>
      <Tab id="papers">
        Documents ({documents}) <kbd>d</kbd>
      </Tab>
      <Tab id="earlier">
        Earlier <kbd>o</kbd>
      </Tab>
      <Tab id="critical">
        Critical <kbd>c</kbd>
      </Tab>
    </TabList>
  )
}

function useDraft(session: Session, of: CaseView) {
  const { keys, who } = session
  const { id, report } = of
  const [draft, setDraft] = useState<Draft>(() => emptyDraft(report))
  const [savedText, setSavedText] = useState('')
  /** What was typed and is not kept yet. */
  const unkept = useRef<Draft>(undefined)
  const hasTyped = useRef(false)
  useEffect(() => {
    let isGone = false
    void readDraft(keys, who.principal, id).then((text) => {
      const found = text === undefined ? undefined : parseDraft(text, report)
      if (isGone || hasTyped.current || !found) return
      setDraft(found)
      setSavedText('Continued from the draft that this browser kept, sealed to you.')
    })
    return () => {
      isGone = true
    }
  }, [keys, who.principal, id, report])
  const keep = useCallback(async () => {
    const { current } = unkept
    unkept.current = undefined
    if (!current || Object.keys(writtenSections(current)).length === 0) return
    const text = JSON.stringify(current)
    await keepDraft(keys, { writer: who.principal, caseId: id, text })
    setSavedText(`Draft kept at ${clockTime(new Date().toISOString(), Date.now())}, sealed to you.`)
  }, [keys, who.principal, id])
  useEffect(() => {
    const timer = setTimeout(() => {
      keep().catch(() => setSavedText('The draft could not be kept: send it before you leave.'))
    }, KEEP_MS)
    return () => clearTimeout(timer)
  }, [draft, keep])
  // Whoever leaves the case a moment after the last word finds that word again.
  useEffect(() => () => void keep().catch(() => undefined), [keep])
  return {
    draft,
    savedText,
    setDraft: (next: Draft) => {
      hasTyped.current = true
      unkept.current = next
      setDraft(next)
    },
    /** Once it is sent. */
    forget: () => {
      unkept.current = undefined
      forgetDraft(who.principal, id)
    },
  }
}
